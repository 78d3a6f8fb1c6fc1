"""Makers, merged behaviours and times are stored, and a text whose time has passed is not shown again."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from explainer.pipeline import Explainer
from explainer.storage import catalogue
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset, Item, read_dataset
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating
from tests.databases import holdable

DAY = 86_400


@pytest.fixture
def recent(empty):
    """An explainer over four films of one series; its only user of note rated three of them two days ago."""
    base = holdable(make_dataset())
    titles = {f"i{n}": f"Space War {n}" for n in range(11, 15)}
    items = tuple(replace(i, title=titles.get(i.id, i.title), aspects=(), creator="Ada") for i in base.items)
    crowd = tuple(rating(f"f{n}", key, 5.0, 1_000 + n) for n in range(30) for key in titles)
    mine = tuple(rating("me", f"i{n}", 5.0, int(time.time()) - 2 * DAY) for n in range(11, 14))
    dataset = Dataset("tiny", "video", items, base.behaviours + crowd + mine)
    with empty.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)
    return Explainer(empty, fit(dataset, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))


def test_makers_and_merged_behaviours_are_stored(recent):
    with recent.database.session() as session:
        assert {item.creator for item in catalogue.load_items(session)} == {"Ada"}
    (row,) = recent.explain_items("me", ["i14"])
    (cited,) = row.evidence
    assert len(cited.merged) == 2
    assert cited.reasons[0] == {"type": "same_series", "series": "Space War"}
    assert row.slots["b1.when"] == "two days ago"
    assert abs(row.created_at.timestamp() - time.time()) < 60


def test_a_text_that_says_when_is_written_anew_once_that_has_passed(recent, monkeypatch):
    monkeypatch.setattr("explainer.writing.writer.stable_choice", lambda options, *parts: options - 1)
    (first,) = recent.explain_items("me", ["i14"], reuse=True)
    assert "two days ago" in first.text
    assert recent.explain_items("me", ["i14"], reuse=True)[0].id == first.id
    present = time.time()
    monkeypatch.setattr(time, "time", lambda: present + 7 * DAY)
    (later,) = recent.explain_items("me", ["i14"], reuse=True)
    assert "a week ago" in later.text


def test_a_folder_names_makers(tmp_path):
    (tmp_path / "dataset.toml").write_text(
        'name = "books"\ndomain = "shop"\nkind = "purchase"\n[columns.items]\ncreator = "author"\n'
    )
    (tmp_path / "items.csv").write_text("id,title,author\na,First,  Ada   Lovelace \nb,Second,\n")
    (tmp_path / "behaviours.csv").write_text("user,item\nu,a\nv,b\n")
    dataset, _ = read_dataset(tmp_path)
    assert [item.creator for item in dataset.items] == ["Ada Lovelace", ""]
    assert dataset.items[1] == Item("b", "Second")
