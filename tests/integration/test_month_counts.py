"""What a month's report counts as what: a gate's rule, an outage, a fallback, a better text, an erasure, a remnant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.server.audit_report import report_file
from explainer.server.words import words_in
from explainer.service.month.calendar import Month
from explainer.service.month.log_state import Look
from explainer.service.month.report import monthly_report
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.reapply import reapply
from explainer.storage.base import now
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from explainer.storage.version_tables import RegistryChangeRow
from tests.integration.tampering import tamper

pytestmark = pytest.mark.both
SIGNER, OTHER = Signer("shop", bytes(range(32))), Signer("shop", bytes(range(1, 33)))
PROMPT = "p" * 64


def told(database, month=None, **more):
    with database.session() as session:
        return monthly_report(session, month or Month.at(now()), **more)


def keys(report):
    return {one.key: one for one in report.findings}


def change(database, row, **values):
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(**values))


def end_behind(database, row, state, reason="", failures=None):
    """Let the model write, or not, after the template's text of an explanation was shown."""
    change(database, row, prompt_hash=PROMPT, source="template")
    with database.session() as session:
        session.add(UpgradeRow(explanation_id=row.id, state=state, reason=reason))
        if failures is not None:
            same = {"prompt_hash": PROMPT, "prompt_version": row.prompt_version, "writer_version": row.writer_version}
            better = RevisionRow(explanation_id=row.id, number=2, text="T", draft="T", slots={}, source="model", **same)
            better.gate_failures = failures
            session.add(better)


def test_what_the_gate_held_against_drafts_behind_the_answer_counts(explainer, database):
    rows = explainer.explain_top("u1", 6)
    change(database, rows[0], prompt_hash=PROMPT, gate_failures=["digits"])
    end_behind(database, rows[1], "done", failures=["unknown_word: best", "digits", "digits"])
    end_behind(database, rows[2], "kept", "digits; unknown_word: a: b; markup: *")
    end_behind(database, rows[3], "kept", "the templates that it was written with were altered")
    end_behind(database, rows[4], "kept", "RecommenderError")
    texts = told(database).texts
    assert texts.rules == {"digits": 3, "unknown_word": 2, "markup": 1}
    assert (texts.held_back, texts.causes) == (3, {})


def test_an_outage_and_a_withdrawn_draft_are_no_rules_of_the_gate(explainer, database):
    rows = explainer.explain_top("u1", 6)
    change(database, rows[0], prompt_hash=PROMPT, gate_failures=["digits", "engine_unavailable: gone; try: later"])
    end_behind(database, rows[1], "kept", "name: Al; engine_unavailable: no answer; 'x' said so; digits")
    end_behind(database, rows[2], "kept", "engine_unavailable: no answer")
    change(database, rows[3], prompt_hash=PROMPT, gate_failures=["withdrawn"])
    found = told(database)
    assert found.texts.rules == {"digits": 1, "name": 1}
    assert (found.texts.held_back, found.texts.causes) == (2, {"engine_unavailable": 3, "withdrawn": 1})
    assert keys(found)["engine_unavailable"].values == {"n": 3, "of": 4}
    for locale in ("en", "zh"):
        assert words_in(locale)("report.cause.withdrawn") in report_file(found, locale)


def test_a_fallback_is_a_text_that_a_model_was_asked_for_and_that_stayed_a_templates(explainer, database):
    rows = explainer.explain_top("u1", 6)
    change(database, rows[0], prompt_hash=PROMPT)  # the engine wrote nothing that passed
    end_behind(database, rows[1], "done", failures=[])
    end_behind(database, rows[2], "kept", "digits")
    end_behind(database, rows[3], "waiting")
    change(database, rows[4], prompt_hash=PROMPT, source="model")
    texts = told(database).texts  # for the sixth no model was taught the words
    assert (texts.explanations, texts.asked, texts.fallbacks, texts.later) == (6, 5, 2, 1)


def test_private_things_are_counted_by_category_and_nobody_is_named(explainer, database):
    rows = explainer.explain_top("u1", 4)
    for row, private in zip(
        rows, ({"b1": ["health", "religion"], "b2": ["health"]}, {"b3": ["health"]}, {}, None), strict=True
    ):
        change(database, row, asked={"private": private, "k": 4})
    found = told(database)
    assert found.texts.private == {"health": 2, "religion": 1}
    assert keys(found)["private"].values == {"n": 2, "category": "health", "category_n": 2}
    for locale in ("en", "zh"):
        made = report_file(found, locale)
        assert words_in(locale)("report.private.religion") in made
        assert "u1" not in made


def test_what_is_gone_is_told_and_nothing_is_compared_with_a_remnant(explainer, database):
    explainer.explain_top("u1", 6)
    explainer.explain_top("u2", 2)
    before = told(database)
    assert (before.texts.explanations, before.texts.gone) == (8, 0)
    erase(database, Erasing.unlisted(), "u1", "ada")
    after = told(database)
    assert (after.texts.explanations, after.texts.made) == (2, 8)
    assert keys(after)["gone"].values == {"n": 6, "made": 8, "left": 2}
    assert "not_compared" in keys(after)
    assert "not_compared" in keys(told(database, Month.at(now()))), "nor in a report that is made again"
    erase(database, Erasing.unlisted(), "u2", "ada")
    assert "nothing" not in keys(told(database)), "it was not so that nothing was explained"


def test_an_erasure_that_a_restored_backup_had_forgotten_is_not_late(explainer, database, tmp_path):
    erasing = Erasing(key := ErasureKey.new(), ErasureList(tmp_path / "erased.jsonl", key))
    explainer.explain_top("u1", 1)
    explainer.explain_top("u2", 1)
    erasing.list.add(Line("e" * 8, key.code("u1"), now() - timedelta(days=60)))
    assert len(reapply(database, erasing)) == 1
    only = told(database)
    assert (only.erasures.count, only.erasures.repeated, only.erasures.longest_s) == (0, 1, None)
    assert "erasures_late" not in keys(only)
    assert keys(only)["erasures_repeated"].values == {"n": 1}
    erase(database, erasing, "u2", "ada")
    found = told(database)
    assert (found.erasures.count, found.erasures.repeated) == (1, 1)
    assert found.erasures.longest_s < 60
    assert words_in("zh")("report.repeated") in report_file(found, "zh")


def test_whole_unsigned_not_verified_and_broken_are_four_things(explainer, database, tmp_path):
    explainer.explain_top("u1", 2)
    folder = CheckpointFolder(tmp_path / "heads")
    unsigned = told(database, folder=folder, key=SIGNER.verifier)
    assert (unsigned.log.look, keys(unsigned)["log_headless"].level) == (Look.UNSIGNED, "warn")
    sign_head(database, folder, SIGNER)
    assert "log_whole" in keys(told(database, folder=folder, key=SIGNER.verifier))
    strange = told(database, folder=folder, key=OTHER.verifier)
    assert strange.log.look is Look.UNVERIFIED
    assert "log_broken" not in keys(strange)
    for locale in ("en", "zh"):
        assert "explainer audit verify" in report_file(strange, locale)
    tamper(database, "UPDATE audit_entries SET digest = 'x' || substr(digest, 2) WHERE seq = 2")
    broken = told(database, folder=folder, key=SIGNER.verifier)
    assert (broken.log.look, broken.log.fault, broken.log.at) == (Look.BROKEN, "altered", 2)
    assert "第 2 条处被改动" in report_file(broken, "zh")


def test_changes_that_are_too_many_for_the_table_are_counted(database):
    with database.session() as session:
        for n in range(203):
            session.add(RegistryChangeRow(kind="prompt", scope="en/customer", number=n + 1, action="promoted"))
    found = told(database)
    assert (len(found.versions.in_force), found.versions.left_out) == (200, 3)
    assert keys(found)["versions"].values == {"n": 203}
    assert "3 more are not in it" in report_file(found, "en")
