"""Words that no text says: the terms of all lists, an operator's too, looked for in one way and made ready once."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.attribution.defaults import default_attributor
from explainer.evidence import EvidenceBuilder
from explainer.evidence.citable import is_citable
from explainer.evidence.firewall import Firewall, Lists, PrivateWords, load_lists, shipped_words
from explainer.evidence.firewall import words as module
from explainer.writing.gate import check, review
from retriever.data import History
from tests.conftest import rating
from tests.unit import chinese
from tests.unit.gating import DRAMA, WORDS, evidence

TERMS = st.text(st.sampled_from("abcé-'+ 赌轮\u2019"), min_size=1, max_size=8).filter(lambda term: term.strip("- "))


@pytest.fixture
def folder(tmp_path):
    """An operator's own lists: a category, and terms of a shipped one."""
    for name, file, lines in (
        ("gambling", "en.txt", "Roulette\n!roulette noir\n"),
        ("gambling", "zh.txt", "轮盘赌\n"),
        ("health", "en.txt", "gluten\n"),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("names", [None, (), {"health"}, {"gambling", "religion"}])
def test_they_are_the_terms_of_all_lists_whichever_items_are_judged_by(folder, names):
    words = load_lists(names, folder).words
    assert words.terms == shipped_words().terms | {"roulette", "轮盘赌", "gluten"}
    told = ("A ROULETTE wheel", "roulettes", "Roulette noir", "玩轮盘赌", "gluten free", "HIV", "church", "bankruptcy")
    assert [text for text in told if words.are_in(text)] == list(told)
    assert not words.are_in("Rouletteville, a film noir")


def test_without_own_lists_they_are_the_shipped_ones():
    assert shipped_words() is shipped_words()
    assert load_lists(()).words == Lists(()).words == Firewall(load_lists()).words == shipped_words()
    assert shipped_words().terms == PrivateWords.of(t for c in load_lists().categories for t in c.terms).terms
    assert not shipped_words().are_in("roulette")


def test_a_firewall_keeps_them_and_what_an_item_is_does_not_depend_on_them(folder):
    lists = load_lists({"hardship"}, folder)
    assert Firewall(lists).words == Firewall(lists).by_terms.words == lists.words
    assert Firewall(lists).version == Firewall(load_lists({"hardship"})).version


@given(st.lists(TERMS, max_size=5), st.lists(TERMS | st.text(max_size=3), max_size=4).map(" ".join))
def test_a_text_has_them_where_it_has_any_of_them(terms, text):
    words = PrivateWords.of(terms)
    assert words.are_in(text) is any(PrivateWords.of([term]).are_in(text) for term in terms)


@given(TERMS, st.sampled_from(["{}", "The {}.", "({})", "a {} b", "x\n{}\ny"]))
def test_a_term_is_found_in_whatever_case_and_place(term, around):
    words = PrivateWords.of([term])
    for written in (term, term.upper(), term.replace("-", " "), term.replace("'", "\u2019")):
        assert words.are_in(around.format(written))


@given(st.lists(TERMS, max_size=5).flatmap(lambda terms: st.tuples(st.just(terms), st.permutations(terms))))
def test_the_version_is_of_what_they_are_not_of_how_they_are_written(both):
    one, other = (PrivateWords.of(terms) for terms in both)
    louder = PrivateWords.of(term.upper().replace(" ", "-") for term in both[0])
    assert one == other
    assert one.version == other.version == louder.version
    assert PrivateWords.of([*both[0], "zzz"]).version != one.version


def test_another_process_gets_the_same(folder):
    words = load_lists(None, folder).words
    assert words.are_in("gluten")
    again = pickle.loads(pickle.dumps(words))  # noqa: S301  our own
    assert (again, again.version, again.are_in("Roulette")) == (words, words.version, True)


def test_they_are_made_ready_once(monkeypatch):
    made = []
    monkeypatch.setattr(module, "pattern_of", lambda terms: made.append(terms) or module.re.compile("roulette"))
    words = PrivateWords.of(["roulette"])
    assert [words.are_in(text) for text in ("roulette", "noir") * 50] == [True, False] * 50
    assert len(made) == 1


def test_no_aspect_that_has_one_is_citable(folder):
    words = load_lists((), folder).words
    aspects = ("roulette noir", "Roulette", "gluten-free", "hiv", "noir", "轮盘赌")
    assert [aspect for aspect in aspects if is_citable(aspect, words)] == ["noir"]


@pytest.mark.parametrize("spelled", [False, True])
def test_the_gate_refuses_a_draft_that_says_one(spelled):
    facts, words = evidence("r drama"), PrivateWords.of(["seam"])
    draft = "You gave {b1} {b1.value}, and {item} works the same drama seam."

    def failures(**more):
        if spelled:
            return review(draft, facts, WORDS["customer"], **more)[1].failures
        return check(draft, facts, WORDS["customer"], **more).failures

    assert failures() == ()
    assert failures(private_words=words) == ("sensitive",)


def test_a_term_with_a_sign_at_its_end_is_found():
    words = PrivateWords.of(["18+", "lgbtq+"])
    assert [text for text in ("18+", "An 18+ film.", "LGBTQ+-themed", "18", "118+") if words.are_in(text)] == [
        "18+",
        "An 18+ film.",
        "LGBTQ+-themed",
    ]


def test_the_gate_refuses_an_aspect_that_is_one_even_in_evidence():
    found = check(DRAMA, evidence("r drama"), WORDS["customer"], private_words=PrivateWords.of(["drama"])).failures
    assert {"sensitive", "uncitable: drama"} <= set(found)


def test_the_chinese_gate_refuses_them_too():
    facts = chinese.evidence("r drama")
    draft = "您给{b1}打了{b1.value}，{item}同样是剧情片。"
    words = PrivateWords.of(["剧情"])
    assert check(draft, facts, chinese.VOCABULARY, chinese.ZH).failures == ()
    assert "sensitive" in check(draft, facts, chinese.VOCABULARY, chinese.ZH, words).failures


def test_what_nobody_has_judged_is_private_by_them(model):
    """Where no item was judged, as in records from before there were judgements."""
    told = EvidenceBuilder(model, "video", private_words=PrivateWords.of(["noir"]))
    items = [item for item in model.recommender.catalogue.items if "noir" in item.aspects]
    history = History("me", tuple(rating("me", item.id, 5.0, n) for n, item in enumerate(items[:4])))
    attribution = default_attributor(model.recommender).attribute(model.recommender, history, items[5].id)
    assert EvidenceBuilder(model, "video").build(history, attribution).behaviours
    evidence = told.build(history, attribution)
    assert (evidence.behaviours, evidence.withheld) == ((), True)
