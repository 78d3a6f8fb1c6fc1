"""Checked facts that link one behaviour to the recommended item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial

import numpy as np

from explainer.evidence.citable import is_citable
from explainer.evidence.firewall import PrivateWords, shipped_words
from explainer.evidence.model import CloseInMeaning, CoOccurrence, Reason, SameCreator, SameSeries, SharedAspect
from explainer.evidence.policy import EvidencePolicy, lowest_share
from retriever.data import AspectSource, Behaviour, Item
from retriever.data.series import plain_title
from retriever.encoder import Embeddings
from retriever.statistics import PeopleCounts, counted_as
from retriever.store import FittedModel

_PAIR, _PAIRS = 2, 10_000
_SPECIFIC = (SameSeries, SameCreator)


class ReasonFinder:
    """Looks facts up in catalogue, counts and embeddings.

    Args:
        model: The recommender that ranked the item, with its counts and embeddings.
        policy: Thresholds.
        people: Counts that a reason may quote, by what they count.
        series: Item id → name of its series; by default none is known.
        private_words: What no reason names; the shipped terms by default.
    """

    def __init__(
        self,
        model: FittedModel,
        policy: EvidencePolicy,
        people: PeopleCounts,
        series: Mapping[str, str] | None = None,
        private_words: PrivateWords | None = None,
    ) -> None:
        self._series = series or {}
        self._private_words = private_words or shipped_words()
        self._is_citable = cache(partial(is_citable, private_words=self._private_words))  # few terms, asked again often
        self._model = model
        self._policy = policy
        self._people = people
        self._min_cosine = max(policy.min_cosine, _quantile(model.embeddings, 1 - policy.near_share))
        self._frequency = Counter(term for item in model.recommender.catalogue.items for term in item.terms())

    def item_of(self, behaviour: Behaviour) -> Item:
        """Return the item a behaviour is about."""
        catalogue = self._model.recommender.catalogue
        return catalogue.items[catalogue.position(behaviour.item)]

    def is_private(self, behaviour: Behaviour) -> bool:
        """Return whether the behaviour's item carries an aspect that tells of a person's private life."""
        if behaviour.item not in self._model.recommender.catalogue:
            return False
        return any(self._private_words.are_in(term) for term in self.item_of(behaviour).aspects)

    def shared_aspects(self, behaviour: Behaviour, item: Item) -> list[SharedAspect]:
        """Return the aspects that both items carry, rarest in the catalogue first."""
        theirs, ours = self.item_of(behaviour).terms(), item.terms()
        found = []
        for term in sorted(theirs.keys() & ours.keys(), key=lambda term: (self._frequency[term], term)):
            sources = {theirs[term].source, ours[term].source}
            # What the catalogue says of one and a title of the other is not one fact about both.
            is_one_fact = AspectSource.CATALOGUE not in sources or len(sources) == 1
            if is_one_fact and self._is_citable(ours[term].term):
                source = sources.pop() if len(sources) == 1 else AspectSource.TEXT
                found.append(SharedAspect(ours[term].term, source))
        return found

    def kinship(self, behaviour: Behaviour, item: Item) -> SameSeries | SameCreator | None:
        """Return the series the two items are parts of, else the maker they share; more telling than any aspect."""
        series, theirs = self._series.get(item.id), self.item_of(behaviour)
        # One game on two machines is no series.
        is_other = plain_title(theirs.title).casefold() != plain_title(item.title).casefold()
        if series is not None and is_other and self._series.get(behaviour.item) == series:
            return SameSeries(series)
        same = item.creator and theirs.creator.casefold() == item.creator.casefold()
        return SameCreator(item.creator) if same else None

    def co_occurrence(self, behaviour: Behaviour, item: Item) -> CoOccurrence | None:
        """Return how many of those who did the same with the behaviour's item did so with this one, if it says much."""
        kind = counted_as(behaviour.kind, behaviour.value)
        if (counts := self._people.get(kind)) is None:
            return None
        n, m = counts.together(behaviour.item, item.id)
        return CoOccurrence(n, m, kind) if self._says_something(n, m, counts.share_liking(item.id)) else None

    def _says_something(self, n: int, m: int, usual: float) -> bool:
        policy = self._policy
        if m >= policy.min_people and n >= policy.min_together * m and n >= policy.min_lift * usual * m:
            return True
        return n >= max(policy.min_both, policy.min_share * m) and lowest_share(n, m) >= policy.min_sure_lift * usual

    def closeness(self, behaviour: Behaviour, item: Item) -> CloseInMeaning | None:
        """Return the cosine of the two items' texts, if it is high."""
        position = self._model.recommender.catalogue.position
        rows = self._model.embeddings[[position(behaviour.item), position(item.id)]]
        cosine = float(rows[0] @ rows[1])
        return CloseInMeaning(cosine) if cosine >= self._min_cosine else None


def _quantile(embeddings: Embeddings, share: float) -> float:
    """Return the cosine below which the share of all pairs of different items lies, from a fixed sample of them."""
    if len(embeddings) < _PAIR:
        return 1.0
    rng = np.random.default_rng(0)
    left = rng.integers(len(embeddings), size=_PAIRS)
    right = (left + rng.integers(1, len(embeddings), size=_PAIRS)) % len(embeddings)
    return float(np.quantile(np.einsum("ij,ij->i", embeddings[left], embeddings[right]), share))


def fact_order(reasons: Sequence[Sequence[Reason]]) -> list[int]:
    """Return the positions of behaviours so that those with one fact stand together.

    What only a series or a maker links leads. Then shared aspects, the most shared one leading, then closeness, then
    the count; otherwise as given. Slots are numbered in this order, so that few shapes of evidence exist, and a small
    language model can know them all.
    """
    aspects = [next((r.aspect for r in found if isinstance(r, SharedAspect)), None) for found in reasons]
    sizes = Counter(aspect for aspect in aspects if aspect is not None)
    first = {aspect: position for position, aspect in reversed(list(enumerate(aspects)))}

    def key(position: int) -> tuple[int, int, int, int]:
        aspect = aspects[position]
        counted = any(isinstance(r, CoOccurrence) for r in reasons[position])
        only_kin = bool(reasons[position]) and all(isinstance(r, _SPECIFIC) for r in reasons[position])
        rank = -1 if only_kin else 2 if counted and len(reasons) > 1 else 0 if aspect is not None else 1
        return rank, -sizes.get(aspect or "", 0), first[aspect], position

    return sorted(range(len(reasons)), key=key)


def fewest_aspects(shared: Sequence[Sequence[str]]) -> list[str | None]:
    """Return one aspect per list (None for an empty one), as few different ones as a greedy cover finds.

    Greedy set cover (Chvátal 1979); ties go to the aspect that comes first in its list, the rarer one.
    """
    chosen: list[str | None] = [None] * len(shared)
    uncovered = {index for index, aspects in enumerate(shared) if aspects}
    while uncovered:
        counts = Counter(aspect for index in sorted(uncovered) for aspect in shared[index])
        best = max(counts, key=lambda aspect: counts[aspect])
        for index in [i for i in uncovered if best in shared[i]]:
            chosen[index] = best
            uncovered.discard(index)
    return chosen
