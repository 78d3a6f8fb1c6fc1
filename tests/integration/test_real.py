"""The real thing: ML-100K, MiniLM, SmolLM2 with our adapter. What is said is checked against the raw ratings."""

from __future__ import annotations

import csv
import re

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from sqlalchemy import select

from explainer.cli import main
from explainer.evidence import CitedBehaviour, Evidence, Reason
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.gate import check
from explainer.writing.slots import fill
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind, Polarity
from retriever.data.movielens import ml_100k_folder
from retriever.recommenders.attentive.config import AttentiveConfig
from retriever.recommenders.learning import HybridConfig
from retriever.training import TrainingConfig


def short_hybrid():
    """Return the demo's own recommender, whose deep part learns in one pass: how well it learns is not proven here."""
    once = TrainingConfig(epochs=1)
    parts = HybridConfig().parts
    return HybridConfig(parts=tuple(replace(p, training=once) if isinstance(p, AttentiveConfig) else p for p in parts))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the demo twice in one home; return (settings, first output, second output)."""
    home = tmp_path_factory.mktemp("home")
    # The unpacked base model is the one thing worth sharing with the developer's own runs.
    (home / "cache").symlink_to(Settings().cache.resolve())
    Settings().cache.mkdir(parents=True, exist_ok=True)
    runner = CliRunner()
    words = ["--home", str(home), "demo", "--no-serve", "--users", "3", "--top", "3"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("explainer.cli.demo.HybridConfig", short_hybrid)
        first, second = runner.invoke(main, words), runner.invoke(main, words)
    assert first.exit_code == 0, first.output
    return Settings(home=home), first.output, second.output


@pytest.fixture(scope="module")
def rows(demo):
    with Database(demo[0].url).session() as session:
        return list(session.scalars(select(ExplanationRow)))


@pytest.fixture(scope="module")
def raw():
    """ML-100K as its files say it: {(user, item): rating}, {item: genres}."""
    folder = ml_100k_folder()
    with (folder / "ml-100k.inter").open() as file:
        ratings = {(r[0], r[1]): float(r[2]) for r in list(csv.reader(file, delimiter="\t"))[1:]}
    with (folder / "ml-100k.item").open() as file:
        table = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        genres = {r[0]: set(r[3].lower().replace("film-noir", "noir").split(" ")) for r in list(table)[1:]}
    return ratings, genres


def test_a_second_demo_ingests_and_fits_nothing_and_shows_the_same(demo, rows):
    _, first, second = demo
    assert "0 new items, 0 new behaviours" in second
    assert "fitted already" in second
    assert len(rows) == 9, "the second run showed the stored explanations again"
    assert first.count("stars") > 0


def test_no_film_is_recommended_that_the_user_has_rated(rows, raw):
    ratings, _ = raw
    assert not [row for row in rows if (row.user_id, row.item_id) in ratings]


def test_every_fact_in_every_text_is_in_the_raw_data(rows, raw):
    ratings, genres = raw
    for row in rows:
        assert row.evidence
        for cited in row.evidence:
            rated = ratings[row.user_id, cited.item_id]
            assert rated == cited.value
            assert rated >= 4 if cited.share > 0 else rated <= 2
            assert row.slots[f"{cited.slot}.value"] == ("1 star" if rated == 1 else f"{rated:g} stars")
            for reason in cited.reasons:
                if reason["type"] == "shared_aspect":
                    assert reason["aspect"] in genres[cited.item_id] & genres[row.item_id]
                if reason["type"] == "co_occurrence":
                    fans = {u for (u, i), v in ratings.items() if i == cited.item_id and v >= 4}
                    both = {u for u in fans if ratings.get((u, row.item_id), 0) >= 4}
                    assert (reason["n"], reason["m"]) == (len(both), len(fans))


def test_texts_are_their_drafts_filled(rows):
    for row in rows:
        assert row.text == fill(row.draft, row.slots)
        assert not re.search(r"\{(?:item|b\d|co\d)", row.text)


def test_the_model_wrote_most_of_them(rows):
    assert sum(row.source == "model" for row in rows) >= len(rows) / 2


def test_a_models_draft_is_stored_only_if_it_passes(rows):
    for row in (row for row in rows if row.source == "model"):
        cited = tuple(
            CitedBehaviour(
                slot=e.slot,
                behaviour_id=e.behaviour_id,
                item_id=e.item_id,
                title=e.title,
                kind=BehaviourKind(e.kind),
                polarity=Polarity.POSITIVE,
                contribution=e.contribution,
                share=e.share,
                reasons=tuple(msgspec.convert(e.reasons, list[Reason])),
                value=e.value,
            )
            for e in row.evidence
        )
        evidence = Evidence(row.item_id, row.title, "video", behaviours=cited)
        assert check(row.draft, evidence, load_vocabulary("en")).passed
