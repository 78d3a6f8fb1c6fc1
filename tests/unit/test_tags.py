"""A tag is what the user really comes back to, counted by hand; what they hid is nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.attribution import LeaveOneOut
from explainer.evidence import EvidenceBuilder, SharedAspect, TagFinder, TagPolicy
from explainer.evidence.policy import lowest_share
from explainer.evidence.tags import without_aspects
from retriever.data import Aspect, AspectSource, History, Item, ValueScale
from retriever.retrieve import recommend
from tests.conftest import HOSTILE, rating

SCALE = ValueScale()


def finder(*aspects, others=20, **policy):
    """A catalogue whose first items carry the given aspects, among others that carry none of them."""
    items = [Item(f"i{n}", f"Title {n}", tuple(found)) for n, found in enumerate(aspects)]
    items += [Item(f"o{n}", f"Other {n}", ("filler",)) for n in range(others)]
    return TagFinder(items, SCALE, TagPolicy(**policy))


def liking(*items, value=5.0):
    return History("u", tuple(rating("u", item, value, n) for n, item in enumerate(items)))


def test_what_three_liked_items_carry_is_a_tag_with_its_behaviours():
    history = liking("i0", "i1", "i2", "o0")
    (tag,) = finder(["noir"], ["noir"], ["noir"], ["noir"]).find(history)
    assert (tag.tag, tag.source, tag.liked, tag.usual) == ("noir", AspectSource.CATALOGUE, 4, pytest.approx(4 / 24))
    assert [(b.item, b.title) for b in tag.behaviours] == [(f"i{n}", f"Title {n}") for n in range(3)]
    assert [b.behaviour_id for b in tag.behaviours] == [b.id for b in history.behaviours[:3]]
    assert tag.lift == pytest.approx(lowest_share(3, 4) / (4 / 24))


def test_two_are_too_few_and_what_everything_carries_says_nothing():
    found = finder(["noir", "filler"], ["noir", "filler"], ["filler"]).find(liking("i0", "i1", "i2"))
    assert found == []
    assert [tag.tag for tag in finder(["noir"], ["noir"], min_items=2).find(liking("i0", "i1"))] == ["noir"]


def test_only_what_is_liked_counts():
    tags = finder(*[["noir"]] * 5)
    assert tags.find(liking("i0", "i1", "i2", value=2.0)) == []
    mixed = History("u", (*liking("i0", "i1").behaviours, rating("u", "i2", 1.0, 9)))
    assert tags.find(mixed) == []


def test_the_same_item_twice_counts_once_and_items_unknown_to_the_catalogue_not_at_all():
    tags = finder(*[["noir"]] * 5)
    assert tags.find(liking("i0", "i0", "i0", "i1", "gone", "gone2")) == []
    (tag,) = tags.find(liking("i0", "i1", "i2", "i2", "gone"))
    assert (len(tag.behaviours), tag.liked) == (3, 3)


def test_the_strongest_comes_first():
    found = finder(*[["noir", "rare"]] * 3, *[["noir"]] * 3).find(liking("i0", "i1", "i2", "i3"))
    assert [tag.tag for tag in found] == ["rare", "noir"]
    assert found[0].lift > found[1].lift


def test_no_history_no_tags():
    assert finder(["noir"]).find(History("new")) == []
    assert TagFinder([], SCALE).find(liking("i0")) == []


def test_one_aspect_in_any_spelling_from_any_source_is_one_tag_as_the_catalogue_writes_it():
    items = [
        Item("a", "A", phrases=(Aspect("NOIR", AspectSource.TEXT),)),
        Item("b", "B", phrases=(Aspect("noiR", AspectSource.TITLE),)),
        Item("c", "C", aspects=("Noir",)),
        *(Item(f"o{n}", "O") for n in range(20)),
    ]
    (tag,) = TagFinder(items, SCALE).find(liking("a", "b", "c"))
    assert (tag.tag, tag.source) == ("Noir", AspectSource.CATALOGUE)


def test_a_hidden_aspect_is_no_tag_in_any_spelling():
    tags = finder(*[["NOIR", "Straße"]] * 4)
    assert {tag.tag for tag in tags.find(liking("i0", "i1", "i2"))} == {"NOIR", "Straße"}
    assert [tag.tag for tag in tags.find(liking("i0", "i1", "i2"), {"strasse"})] == ["NOIR"]


@pytest.mark.parametrize("aspect", [*HOSTILE, "a/b", "\ud800", "İ", "", "[b]x[/b]"])
def test_hostile_aspects_are_tags_like_others(aspect):
    (tag,) = finder(*[[aspect]] * 4).find(liking("i0", "i1", "i2"))
    assert tag.tag == aspect
    assert finder(*[[aspect]] * 4).find(liking("i0", "i1", "i2"), {aspect.casefold()}) == []


ASPECTS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, max_size=3), min_size=1, max_size=12)


@given(ASPECTS, st.data())
def test_tags_are_true_of_the_data_and_the_same_in_any_order(aspects, data):
    liked = data.draw(st.lists(st.sampled_from(range(len(aspects))), unique=True))
    tags = finder(*aspects, others=3)
    history = liking(*(f"i{n}" for n in liked))
    found = tags.find(history)
    assert found == tags.find(history)
    for tag in found:
        carrying = {f"i{n}" for n in liked if tag.tag in aspects[n]}
        assert {b.item for b in tag.behaviours} == carrying
        assert len(carrying) >= 3
        usual = sum(tag.tag in own for own in aspects) / (len(aspects) + 3)
        assert lowest_share(len(carrying), len(liked)) >= 1.5 * usual
    backwards = tags.find(liking(*(f"i{n}" for n in reversed(liked))))
    assert [tag.tag for tag in backwards] == [tag.tag for tag in found]


def test_an_item_without_hidden_aspects_keeps_all_else():
    item = Item(
        "i", "T", ("Noir", "war"), 1950, "text", (Aspect("NOIR", AspectSource.TEXT), Aspect("x", AspectSource.TEXT))
    )
    bare = without_aspects(item, {"noir"})
    assert bare == Item("i", "T", ("war",), 1950, "text", (Aspect("x", AspectSource.TEXT),))
    assert without_aspects(item, ()) is item


def test_a_hidden_aspect_is_never_a_reason(model, dataset):
    builder = EvidenceBuilder(model, "video")
    cited = 0
    for history in list(dataset.histories.values())[:30]:
        for r in recommend(model.recommender, history, 3):
            attribution = LeaveOneOut().attribute(model.recommender, history, r.item.id)
            before = builder.build(history, attribution).aspects
            evidence = builder.build(history, attribution, set(before))
            assert not set(before) & set(evidence.aspects)
            assert not [
                s for b in evidence.behaviours for s in b.reasons if isinstance(s, SharedAspect) and s.aspect in before
            ]
            cited += len(before)
    assert cited > 50
