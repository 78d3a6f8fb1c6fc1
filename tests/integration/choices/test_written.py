"""What is written for those of whom no behaviour counts: templates alone, in every domain, for every reader."""

from __future__ import annotations

import pytest

from explainer.pipeline import Explainer
from explainer.storage import catalogue
from explainer.storage.choice_tables import ExclusionRow, UserSettingsRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, LOCALES, Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.integration.choices.acting import everything
from tests.unit.test_writer import ScriptedEngine


def test_no_engine_is_asked_for_what_no_model_was_taught(database, model):
    engine = ScriptedEngine(*["{item} is popular here."] * 9)
    explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine))
    explainer.explain_top("nobody", 2)
    assert engine.asked
    engine.asked.clear()
    with database.session() as session:
        session.add(UserSettingsRow(user_id="u1", personalised=False))
        session.add_all(ExclusionRow(user_id="u2", behaviour_id=one) for one in everything(explainer, "u2"))
    for user in ("u1", "u2"):
        for row in explainer.explain_top(user, 3):
            assert (row.source, row.prompt_hash, row.gate_failures) == ("template", "", [])
    assert not engine.asked


@pytest.mark.parametrize("domain", ["video", "shop", "content", "social", "news"])
def test_in_every_domain_every_reader_gets_a_text(empty, dataset, domain):
    data = Dataset("tiny", domain, dataset.items, dataset.behaviours)
    with empty.session() as session:
        catalogue.ingest(session, data, CleaningReport(), lambda _: None)
        session.add(UserSettingsRow(user_id="u1", personalised=False))
    explainer = Explainer(empty, fit(data, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))
    for locale in LOCALES:
        for audience in AUDIENCES:
            rows = explainer.explain_top("u1", 3, Style(locale, audience))
            said = "personal recommendations off" if locale == "en" else "已关闭个性化推荐"
            assert all(said in row.text for row in rows)
