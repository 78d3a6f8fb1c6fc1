"""What cannot be written ahead harms nobody else, and waits with its reason."""

from __future__ import annotations

from dataclasses import replace

from explainer.service.pregenerate import Order
from explainer.service.pregenerate.stages import Stages
from explainer.service.subject.erase import erase
from explainer.storage.bulk_tables import DeadLetterRow
from explainer.storage.dead_letters import users_with_failures
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.style import Style
from tests.integration.pregenerate.acting import K
from tests.integration.pregenerate.checks import USERS, all_of, pregenerate, require_each_once


def test_what_the_engine_could_not_write_waits_with_the_reason_and_is_written_later(explainer, database, typist):
    typist.away = True
    found = pregenerate(explainer, USERS[:6])
    letters = all_of(database, DeadLetterRow)
    assert found.failed == len(letters) > 0
    assert found.stored + found.failed == 6 * K
    assert {(one.stage, one.tries) for one in letters} == {("write", 1)}
    assert all("out to lunch" in one.reason for one in letters)
    pregenerate(explainer, USERS[:6])
    assert {one.tries for one in all_of(database, DeadLetterRow)} == {2}
    typist.away = False
    with database.session() as session:
        users = users_with_failures(session, Style())
        assert users_with_failures(session, Style("zh")) == []
    assert pregenerate(explainer, users).stored == len(letters)
    assert all_of(database, DeadLetterRow) == []
    rows = all_of(database, ExplanationRow)
    assert len(rows) == 6 * K
    require_each_once(database, rows)


def test_what_cannot_be_computed_or_stored_harms_nobody_else(explainer, database, monkeypatch):
    case, due = type(explainer.cases(explainer.asking("u1", K))).case, explainer.due

    def poisoned(self, asking, target, style):
        if (asking.history.user, target.rank) == ("u1", 2):
            raise ZeroDivisionError("a case of its own")
        made = case(self, asking, target, style)
        if (asking.history.user, target.rank) == ("u2", 3):
            other = replace(target, item=replace(target.item, id="not stored"))
            evidence = type(made.evidence)(**{**as_fields(made.evidence), "item_id": "not stored"})
            return replace(made, target=other, evidence=evidence)
        return made

    def no_list(user, *args, **kwargs):
        if user == "u4":
            raise ValueError("no list of theirs")
        return due(user, *args, **kwargs)

    monkeypatch.setattr(type(explainer.cases(explainer.asking("u1", K))), "case", poisoned)
    monkeypatch.setattr(explainer, "due", no_list)
    found = pregenerate(explainer, ["u1", "u2", "u3", "u4", "stranger"])
    letters = {(one.user_id, one.stage): one for one in all_of(database, DeadLetterRow)}
    assert letters.keys() == {("u1", "prepare"), ("u2", "store"), ("u4", "prepare")}
    assert letters["u1", "prepare"].reason == "ZeroDivisionError"
    assert letters["u2", "store"].reason.startswith("ConflictError: The database refused the change")
    assert letters["u4", "prepare"].item_id == ""
    assert letters["u2", "store"].item_id == "not stored"
    assert (found.stored, found.failed, found.unknown) == (3 * K - 2, 3, 1)
    monkeypatch.undo()
    assert pregenerate(explainer, ["u1", "u2", "u4"]).stored == 1 + 1 + K
    assert all_of(database, DeadLetterRow) == []


def test_a_text_that_cannot_be_finished_harms_nobody_else(explainer, database, monkeypatch):
    finish, broken = explainer.writer.finish, []

    def once(*args):
        if not broken:
            broken.append(1)
            raise KeyError("a slot of theirs")
        return finish(*args)

    monkeypatch.setattr(explainer.writer, "finish", once)
    assert pregenerate(explainer, ["u1"]).stored == K - 1
    assert [(one.stage, one.reason) for one in all_of(database, DeadLetterRow)] == [("write", "KeyError")]


def test_a_row_that_is_refused_leaves_no_word_of_it_in_the_log(explainer, database, monkeypatch, capfd, caplog):
    real = explainer.keeper.keep

    def refused(rows, *args):
        rows[0].item_id = "an item that there is not"
        return real(rows, *args)

    monkeypatch.setattr(explainer.keeper, "keep", refused)
    with caplog.at_level("WARNING"):
        pregenerate(explainer, ["u1"])
    monkeypatch.undo()
    said = capfd.readouterr().err + caplog.text + "".join(one.reason for one in all_of(database, DeadLetterRow))
    assert "ConflictError" in said
    for row in explainer.explain_top("u1", K):
        assert row.title not in said
        assert row.text not in said


def as_fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_letter_about_a_user_of_whom_nothing_is_known_any_more_is_not_kept(explainer, database, monkeypatch, erasing):
    def no_list(*args, **kwargs):
        raise ValueError("no list")

    monkeypatch.setattr(explainer, "due", no_list)
    stages = Stages(explainer, Order(K))
    batch = stages.prepare(["u3"])
    erase(database, erasing, "u3", "test")
    assert len(stages.store(batch).failed) == 1
    assert all_of(database, DeadLetterRow) == []
