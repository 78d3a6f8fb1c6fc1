"""Counts per kind count that kind; a small count is quoted only where it is no accident."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.attribution import LeaveOneOut
from explainer.evidence import CoOccurrence, EvidenceBuilder, EvidencePolicy
from explainer.evidence.policy import lowest_share
from explainer.evidence.reasons import ReasonFinder
from retriever.data import BehaviourKind, Dataset, Item, ValueScale
from retriever.fit import fit
from retriever.recommenders.catalogue import Catalogue
from retriever.retrieve import recommend
from retriever.statistics import FEWEST, counts_by_kind
from tests.conftest import SMALL_HYBRID, HashEncoder, rating

ITEMS = tuple(Item(f"i{n}", f"Thing {n}") for n in range(30))
KIND = BehaviourKind


def test_every_kind_counts_itself_and_a_rating_counts_as_liking():
    behaviours = [
        rating("a", "i0", None, kind="purchase"),
        rating("a", "i1", 5.0, kind="purchase"),
        rating("b", "i0", 1.0, kind="purchase"),
        rating("b", "i1", None, kind="view"),
        rating("c", "i0", 5.0),
        rating("c", "i1", None, kind="like"),
        rating("c", "gone", None, kind="like"),
    ]
    everybody = [replace(b, user=f"{b.user}{n}") for n in range(FEWEST) for b in behaviours]
    counts = counts_by_kind(Catalogue(ITEMS), everybody, ValueScale())
    assert set(counts) == {KIND.PURCHASE, KIND.LIKE, KIND.VIEW}
    assert counts[KIND.PURCHASE].together("i0", "i1") == (FEWEST, 2 * FEWEST), "bought, whatever they thought of it"
    assert counts[KIND.LIKE].together("i0", "i1") == (FEWEST, FEWEST), "c liked both; b's one star is no like"
    assert counts[KIND.VIEW].together("i1", "i0") == (0, FEWEST)
    assert counts[KIND.LIKE].popularity("i1") == (2 * FEWEST, 3 * FEWEST)


@given(st.lists(st.sets(st.integers(0, 29)), max_size=40))
def test_counts_are_those_of_the_people_and_few_are_counted_as_nobody(likes):
    behaviours = [rating(f"u{u}", f"i{i}", None, kind="like") for u, liked in enumerate(likes) for i in liked]
    for counts in counts_by_kind(Catalogue(ITEMS), behaviours, ValueScale()).values():
        for i in range(30):
            fans = [liked for liked in likes if i in liked]
            assert counts.popularity(f"i{i}") == (len(fans), sum(map(bool, likes)))
            for other in range(30):
                both = sum(other in liked for liked in fans)
                assert counts.together(f"i{i}", f"i{other}") == (both if both >= FEWEST or i == other else 0, len(fans))


def test_no_behaviours_no_counts():
    assert counts_by_kind(Catalogue(ITEMS), [], ValueScale()) == {}


def shop():
    """Six groups of fifteen each buy most of their own five things; a hundred others view things in turn."""
    bought = [
        rating(f"u{u}", f"i{5 * (u % 6) + n}", None, u * 9 + n, "purchase")
        for u in range(90)
        for n in range(5)
        if (u // 6 + n) % 5
    ]
    viewed = [rating(f"v{u}", f"i{(u + n) % 30}", None, u * 9 + n, "view") for u in range(100) for n in range(0, 20, 7)]
    return Dataset("shop", "shop", ITEMS, (*bought, *viewed))


def test_in_mixed_data_people_are_counted_by_what_they_did():
    dataset = shop()
    model = fit(dataset, HashEncoder(), SMALL_HYBRID)
    people = counts_by_kind(model.recommender.catalogue, dataset.behaviours, dataset.scale)
    builder = EvidenceBuilder(model, "shop", people=people)
    quoted = set()
    for history in dataset.histories.values():
        for r in recommend(model.recommender, history, 3):
            evidence = builder.build(history, LeaveOneOut().attribute(model.recommender, history, r.item.id))
            for b in evidence.behaviours:
                if (co := b.co_occurrence) is None:
                    continue
                quoted.add(co.kind)
                assert co.kind is b.kind
                did = [
                    {x.user for x in dataset.behaviours if (x.kind, x.item) == (co.kind, i)}
                    for i in (b.item_id, r.item.id)
                ]
                assert (co.n, co.m) == (len(did[0] & did[1]), len(did[0]))
    assert KIND.PURCHASE in quoted


def test_without_counts_of_its_kind_a_behaviour_quotes_none():
    model = fit(shop(), HashEncoder(), SMALL_HYBRID)
    finder = ReasonFinder(model, EvidencePolicy(min_people=1, min_together=0, min_lift=0), {KIND.VIEW: model.counts})
    assert finder.co_occurrence(rating("u", "i0", None, kind="view"), ITEMS[1]) is not None
    assert finder.co_occurrence(rating("u", "i0", None, kind="purchase"), ITEMS[1]) is None


class FixedCounts:
    def __init__(self, n, m, usual):
        self._n, self._m, self._usual = n, m, usual

    def together(self, item, other):
        return self._n, self._m

    def share_liking(self, item):
        return self._usual


@pytest.mark.parametrize(
    ("n", "m", "usual", "quoted"),
    [
        (60, 120, 0.3, True),  # half of many
        (60, 120, 0.45, False),  # hardly more than everybody
        (5, 10, 0.01, True),  # few, but far from chance
        (5, 10, 0.2, False),  # few, and that may be chance
        (4, 5, 0.01, False),  # so few that they could be named
        (9, 120, 0.001, False),  # no accident, and still next to nobody
        (15, 120, 0.01, True),
    ],
)
def test_a_count_is_quoted_if_it_says_something(model, n, m, usual, quoted):
    finder = ReasonFinder(model, EvidencePolicy(), {KIND.LIKE: FixedCounts(n, m, usual)})
    found = finder.co_occurrence(rating("u", "i1", 5.0), model.recommender.catalogue.items[2])
    assert found == (CoOccurrence(n, m) if quoted else None)


@given(st.integers(1, 500).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))))
def test_the_lowest_share_is_below_the_share_and_closes_in_on_it(pair):
    n, m = pair
    low = lowest_share(n, m)
    assert 0 <= low <= n / m
    assert lowest_share(10 * n, 10 * m) >= low
