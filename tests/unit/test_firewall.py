"""What the firewall finds: by terms of two languages, by closeness to a description, by an operator's own lists."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from explainer.errors import SettingsError
from explainer.evidence.firewall import Category, Firewall, Lists, load_lists
from explainer.evidence.firewall.measure import SHIPPED_TITLES, Labelled, measure, read_labelled, with_thresholds
from explainer.settings import Settings
from retriever.data import Aspect, AspectSource, Item


class Pointing:
    """Puts whatever speaks of insulin beside sugar, whatever speaks of knitting beside wool, all else elsewhere."""

    name = "pointing"

    def encode(self, texts, on_progress=None):
        rows = np.array([[0.1 + ("insulin" in t or "Sugar" in t), 0.1 + ("knit" in t), 0.5] for t in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


SUGAR = Category("health", frozenset(), descriptions=("Sugar illness.",), thresholds={"pointing": 0.9})


def found(title="A thing", **fields):
    return Firewall(load_lists()).categories_of(Item("i", title, **fields))


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Cooking with DIABETES", "health"),
        ("Self-harm: a memoir", "health"),
        ("Alzheimer\u2019s at home", "health"),
        ("Books for lesbians", "sexuality"),
        ("The Church choir", "religion"),
        ("Trade-unionists", "politics"),
        ("Refugees", "ethnicity"),
        ("Toddlers at play", "minors"),
        ("Out of DEBT", "money"),
        ("Divorce papers", "hardship"),
        ("我与抑郁症", "health"),
        ("一位穆斯林姑娘", "religion"),
        ("个人破产流程", "money"),
        ("ｈｉｖ", "health"),
    ],
)
def test_a_term_in_a_title_is_found_however_it_is_written(title, category):
    assert found(title) == {category}


@pytest.mark.parametrize("title", ["Debtors' rock", "Noir", "Sexton", "Churchill", "红楼梦", "Toddlerless", ""])
def test_a_term_inside_another_word_is_none(title):
    assert found(title) == frozenset()


def test_what_only_sounds_like_a_term_is_none_unless_the_term_is_there_too():
    assert found("The Great Depression in photographs") == frozenset()
    assert found("The Great Depression, and my own depression") == {"health"}


@pytest.mark.parametrize(
    "fields",
    [
        {"aspects": ("noir", "christianity")},
        {"text": "A pastor writes about christianity."},
        {"creator": "Society for Christianity"},
        {"phrases": (Aspect("christianity", AspectSource.TITLE),)},
    ],
)
def test_aspects_description_maker_and_phrases_count_as_the_title_does(fields):
    assert found(**fields) == {"religion"}


def test_an_item_may_belong_to_several_categories():
    assert found("Pregnant at church, in debt") == {"health", "religion", "money"}


def test_what_is_close_to_a_description_is_found_though_no_word_says_so():
    firewall = Firewall(Lists((SUGAR,)), Pointing())
    close, far = firewall.judge([Item("a", "Living with insulin: a cookbook"), Item("b", "Bread")])
    assert (close, far) == ({"health"}, frozenset())
    assert firewall.by_terms.judge([Item("a", "Living with insulin: a cookbook")]) == [frozenset()]


def test_what_is_nearer_to_something_harmless_is_none():
    lists = Lists((Category("health", frozenset(), descriptions=("Sugar knit.",), thresholds={"pointing": 0.3}),))
    item = [Item("a", "To knit")]
    assert Firewall(lists, Pointing()).judge(item) == [{"health"}]
    assert Firewall(Lists(lists.categories, ("We knit.",)), Pointing()).judge(item) == [frozenset()]


def test_an_answer_does_not_depend_on_what_else_is_asked():
    firewall = Firewall(Lists((SUGAR,)), Pointing())
    items = [Item(str(n), title) for n, title in enumerate(["insulin", "knit", "Sugar and insulin", "none"])]
    assert firewall.judge(items) == [firewall.judge([item])[0] for item in items]


def test_an_encoder_that_nobody_measured_leaves_it_to_the_terms():
    firewall = Firewall(load_lists(), Pointing())
    assert firewall.judge([Item("a", "Living with a companion journal")]) == [frozenset()]
    assert firewall.version == Firewall(load_lists()).version


def test_a_described_category_without_its_threshold_is_an_error_that_says_how_to_measure_it():
    other = Category("diet", frozenset(), descriptions=("Knitting.",))
    with pytest.raises(SettingsError, match="explainer evaluate firewall --labelled"):
        Firewall(Lists((SUGAR, other)), Pointing())


def test_the_version_changes_with_whatever_an_answer_depends_on():
    base = Lists((SUGAR,))
    versions = {
        Firewall(base, Pointing()).version,
        Firewall(base).version,
        Firewall(Lists(()), Pointing()).version,
        Firewall(Lists((SUGAR,), ("Bread.",)), Pointing()).version,
        Firewall(Lists((Category("health", frozenset({"x"}), frozenset(), SUGAR.descriptions, SUGAR.thresholds),)),
                 Pointing()).version,
        Firewall(Lists((Category("health", frozenset(), frozenset(), SUGAR.descriptions, {"pointing": 0.8}),)),
                 Pointing()).version,
    }  # fmt: skip
    assert len(versions) == 6
    assert Firewall(base, Pointing()).version in versions


def test_the_shipped_categories_are_those_promised():
    names = {category.name for category in load_lists().categories}
    assert names >= {"health", "sexuality", "religion", "politics", "ethnicity", "minors", "money"}


def test_a_category_that_is_off_finds_nothing():
    assert Firewall(load_lists({"health"})).categories_of(Item("i", "Church and cancer")) == {"health"}
    assert Firewall(load_lists(())).categories_of(Item("i", "Church and cancer")) == frozenset()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("health, Religion", {"health", "religion"}), ("all", None), ("none", set()), ("", set())],
)
def test_categories_are_set_with_commas_between_them(monkeypatch, said, meant):
    monkeypatch.setenv("EXPLAINER_SENSITIVE", said)
    assert Settings().sensitive == meant


def test_an_unknown_category_is_an_error_that_names_those_there_are():
    with pytest.raises(
        SettingsError, match="EXPLAINER_SENSITIVE names 'helth'; there are: ethnicity, hardship, health"
    ):
        load_lists({"helth"})


def test_own_lists_add_terms_and_categories(tmp_path):
    (tmp_path / "health").mkdir()
    (tmp_path / "health" / "en.txt").write_text("gluten\n!gluten glue\n")
    (tmp_path / "hunting").mkdir()
    (tmp_path / "hunting" / "de.txt").write_text("Jagdschein\n")
    firewall = Firewall(load_lists(None, tmp_path))
    titles = ("Gluten", "Gluten glue", "Mein Jagdschein", "Cancer")
    answers = [firewall.categories_of(Item("i", title)) for title in titles]
    assert answers == [{"health"}, frozenset(), {"hunting"}, {"health"}]


def bad(folder: Path, name: str, content: bytes | None):
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        place.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Health Care/en.txt", b"x\n", "rename the folder"),
        ("diet/en.txt", b"\xff\xfe\n", "save it as such"),
        ("diet/en.txt", b"\n\n", "write terms into en.txt"),
        ("stray.txt", b"x\n", "has no category; make a folder"),
    ],
)
def test_own_lists_that_cannot_be_used_are_errors_that_say_what_to_do(tmp_path, name, content, message):
    bad(tmp_path, name, content)
    with pytest.raises(SettingsError, match=message):
        load_lists(None, tmp_path)


@pytest.mark.parametrize("content", [b"{", b'{"minilm": {"health": 0}}', b'{"minilm": {"health": 2}}', b"[]"])
def test_a_broken_threshold_is_an_error(tmp_path, content):
    bad(tmp_path, "health/en.txt", b"x\n")
    bad(tmp_path, "thresholds.json", content)
    with pytest.raises(SettingsError, match=r"thresholds\.json"):
        load_lists(None, tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="EXPLAINER_SENSITIVE_LISTS: there is no folder"):
        load_lists(None, tmp_path / "nowhere")


def test_the_labelled_titles_are_many_and_of_every_kind():
    rows, names = read_labelled(SHIPPED_TITLES), {c.name for c in load_lists().categories}
    assert len(rows) >= 400
    assert len({row.title for row in rows}) == len(rows)
    assert {row.domain for row in rows} == {"video", "shop", "news", "content", "social"}
    assert {row.locale for row in rows} == {"en", "zh"}
    assert all(row.categories <= names for row in rows)
    for chooses in (True, False):
        half = [row for row in rows if row.chooses is chooses]
        assert len(half) >= 200
        assert {name for row in half for name in row.categories} >= names - {"hardship"}


def test_a_line_that_is_no_label_is_named(tmp_path):
    file = tmp_path / "titles.jsonl"
    file.write_text('{"title": "A", "categories": [], "domain": "shop", "locale": "en"}\n{"title": 3}\n')
    with pytest.raises(SettingsError, match="line 2"):
        read_labelled(file)


def test_thresholds_are_those_that_do_best_on_the_choosing_half_alone(tmp_path):
    lines = [
        {"title": f"{what} {n}", "categories": ["health"] if what == "insulin" else [], "domain": "d", "locale": "en"}
        for n in range(20)
        for what in ("insulin", "bread", "knit")
    ]
    file = tmp_path / "titles.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    rows = read_labelled(file)
    lists = with_thresholds(Lists((SUGAR,)), rows, Pointing())
    again = with_thresholds(Lists((SUGAR,)), [row for row in rows if row.chooses], Pointing())
    assert lists == again
    measured = measure(lists, rows, Pointing())
    assert (measured.held_out.anything.precision, measured.held_out.anything.recall) == (1.0, 1.0)
    assert measured.held_out.anything.cases + measured.choosing.anything.cases == 60
    assert measured.held_out.terms_alone.recall == 0.0


def choosing(word, count):
    """Return titles with a word that are in the half by which thresholds are chosen."""
    able = (f"{word} {n}" for n in range(99) if Labelled(f"{word} {n}", frozenset(), "d", "en").chooses)
    return list(islice(able, count))


def labelled(*told):
    return [Labelled(title, frozenset(categories), "d", "en") for title, *categories in told]


KEPT = replace(SUGAR, name="kept", thresholds={"pointing": 0.7})
ONE, OTHER = choosing("insulin", 2)


@pytest.mark.parametrize(
    "rows",
    [[], labelled((ONE,)), labelled((ONE,), (OTHER,)), labelled((ONE, "nope")), labelled((ONE, "health"))],
    ids=["none", "one", "none private", "of a category there is not", "nothing to tell it from"],
)
def test_too_few_titles_to_choose_a_threshold_are_an_error_that_says_what_is_needed(rows):
    with pytest.raises(SettingsError, match=r"No threshold can be chosen for health: .* Add titles"):
        with_thresholds(Lists((SUGAR,)), rows, Pointing())


def test_a_category_without_titles_keeps_the_threshold_that_it_has():
    rows = labelled((ONE, "health"), *zip(choosing("bread", 1)))
    health, kept = with_thresholds(Lists((SUGAR, KEPT)), rows, Pointing()).categories
    assert kept.thresholds == {"pointing": 0.7}
    assert 0 < health.thresholds["pointing"] < 1
    with pytest.raises(SettingsError, match="No threshold can be chosen for other"):
        with_thresholds(Lists((SUGAR, replace(SUGAR, name="other", thresholds={}))), rows, Pointing())


def test_thresholds_that_cannot_be_read_are_an_error_whose_advice_works(tmp_path):
    folder = tmp_path / "lists"
    (folder / "pets").mkdir(parents=True)
    (folder / "pets" / "en.txt").write_text("hamster\n")
    (folder / "thresholds.json").write_text("{")
    with pytest.raises(SettingsError, match="delete it"):
        load_lists(None, folder)
    (folder / "thresholds.json").unlink()
    assert "pets" in {category.name for category in load_lists(None, folder).categories}
