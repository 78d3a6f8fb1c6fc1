"""Contributions + catalogue → evidence: the strongest behaviours that a checked fact links to the item."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence

from explainer.attribution import Attribution
from explainer.evidence.causes import Cause, CauseFinder, Pair, ranked
from explainer.evidence.firewall import PrivateWords
from explainer.evidence.model import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SameSeries,
    SharedAspect,
)
from explainer.evidence.policy import EvidencePolicy, stable_choice
from explainer.evidence.reasons import ReasonFinder, fact_order, fewest_aspects
from explainer.evidence.tags import without_aspects
from retriever.data import AspectSource, Behaviour, BehaviourKind, History, Item, Polarity
from retriever.data.series import plain_title, series_of
from retriever.statistics import PeopleCounts
from retriever.store import FittedModel

_Cited = tuple[Cause, tuple[Reason, ...]]
_TITLED = frozenset({"video", "shop"})
"""Domains whose titles are names of works; a headline's colon is only a colon."""


class EvidenceBuilder:
    """Builds evidence for one fitted model.

    Args:
        model: The recommender that ranked the item, with its counts and embeddings.
        domain: Which wording fits.
        policy: Thresholds.
        people: Counts that a reason may quote, by what they count; by default the model's own, which are of likes only
            where every behaviour is a like or a rating.
        private_words: What no reason names; the shipped terms by default.
    """

    def __init__(
        self,
        model: FittedModel,
        domain: str,
        policy: EvidencePolicy | None = None,
        people: PeopleCounts | None = None,
        private_words: PrivateWords | None = None,
    ) -> None:
        self._model = model
        self._domain = domain
        self._policy = policy or EvidencePolicy()
        self._catalogue = model.recommender.catalogue
        self._people = {BehaviourKind.LIKE: model.counts} if people is None else people
        self._series = series_of(self._catalogue.items) if domain in _TITLED else {}
        self._finder = ReasonFinder(model, self._policy, self._people, self._series, private_words)
        self._causes = CauseFinder(model, self._series, self._policy.copy_cosine)

    def build(
        self,
        history: History,
        attribution: Attribution,
        hidden: Collection[str] = (),
        *,
        switched_off: bool = False,
        private: Collection[str] | None = None,
        now: float | None = None,
    ) -> Evidence:
        """Return the evidence for the attributed item.

        Causes are behaviours that speak for their item and raised this item's score. Besides, one low rating may be
        told of that speaks against the item, comes from something like it and weighs much: it comes last.

        Args:
            history: The user's behaviours.
            attribution: Their contributions to the item's score.
            hidden: Case-folded aspects that the user has hidden; they are never cited.
            switched_off: Whether the user has switched personal recommendations off.
            private: Ids of the behaviours that tell of a private life: they are never cited. None: those whose items
                have a private word among their aspects.
            now: Unix time in seconds that "two days ago" is counted from, by default the present.
        """
        item = without_aspects(self._catalogue.items[self._catalogue.position(attribution.item)], hidden)
        if private is None:
            private = {b.id for b in history.behaviours if self._finder.is_private(b)}
        cited = self._cited(history, attribution, item, private)
        return Evidence(
            item_id=item.id,
            title=item.title,
            domain=self._domain,
            value_high=self._model.recommender.scale.high,
            behaviours=cited,
            known_user=bool(history.items()),
            popularity=None if cited else self._popularity(item),
            now=int(time.time() if now is None else now),
            switched_off=switched_off,
            all_excluded=not switched_off and not len(history) and bool(history.also_met),
            withheld=not cited and _is_withheld(history, attribution, private),
        )

    def _popularity(self, item: Item) -> Popularity | None:
        """Return how many people liked the item (or read it, bought it: what people here do most), if they are many."""
        kind = max(self._people, key=lambda kind: int(self._people[kind].likes.sum()), default=None)
        if kind is None or not self._people[kind].is_among_most_liked(item.id, self._policy.popular_share):
            return None
        return Popularity(*self._people[kind].popularity(item.id), kind)

    def _cited(
        self, history: History, attribution: Attribution, item: Item, private: Collection[str]
    ) -> tuple[CitedBehaviour, ...]:
        positive = sum(c for c in attribution.contributions if c > 0)
        pairs = ranked(history, attribution)
        top = {behaviour.id for behaviour, _ in pairs[: self._policy.top(len(pairs))]}
        pairs = [pair for pair in pairs if pair[0].id not in private]
        chosen = self._strongest(self._causes.causes([*self._eligible(pairs, item)]), top, item)
        # Every second pair quotes people where it can, so that texts differ; the same pair always does the same.
        quote = stable_choice(2, history.user, item.id, "quote people") == 0
        reasons = self._reasons([cause.pairs[0][0] for cause in chosen], item, quote=quote)
        kept = [(cause, found) for cause, found in zip(chosen, reasons, strict=True) if found]
        ordered = [kept[position] for position in fact_order([found for _, found in kept])]
        ordered += self._against(pairs, item, ordered)
        return tuple(self._cite(f"b{n}", cause, positive, found) for n, (cause, found) in enumerate(ordered, start=1))

    def _against(self, pairs: Sequence[Pair], item: Item, causes: Sequence[_Cited]) -> list[_Cited]:
        """Return the low rating that took most from the item, if it took much and is of something like it."""
        if not causes or len(causes) == self._policy.max_behaviours:
            return []
        limit = -self._policy.min_against * causes[0][0].contribution
        told = [r.aspect for _, found in causes for r in found if isinstance(r, SharedAspect)]
        for behaviour, contribution in sorted(pairs, key=lambda pair: pair[1]):
            if contribution > limit:
                break
            if self._model.recommender.scale.polarity(behaviour) is not Polarity.NEGATIVE:
                continue
            if behaviour.item not in self._catalogue:
                continue
            shared = self._finder.shared_aspects(behaviour, item)
            known = [s for s in shared if s.aspect in told] or [s for s in shared if s.source is AspectSource.CATALOGUE]
            if known:
                return [(Cause(((behaviour, contribution),)), (known[0],))]
        return []

    def _eligible(self, pairs: Sequence[Pair], item: Item) -> Iterator[Pair]:
        """Yield behaviours fit to be cited, strongest first, never the item itself."""
        works = self._catalogue.works
        for behaviour, contribution in pairs:
            if contribution <= 0 or behaviour.item not in self._catalogue:
                continue
            is_other = works[self._catalogue.position(behaviour.item)] != works[self._catalogue.position(item.id)]
            is_liked = self._model.recommender.scale.polarity(behaviour) is Polarity.POSITIVE
            if is_other and is_liked:
                yield behaviour, contribution

    def _strongest(self, causes: Sequence[Cause], top: Collection[str], item: Item) -> list[Cause]:
        """Return the strongest causes with a top behaviour that has any reason, none much weaker than the first."""
        chosen: list[Cause] = []
        for cause in causes:
            if chosen and cause.contribution < self._policy.min_relative * chosen[0].contribution:
                break
            lead = next((p for p in cause.pairs if p[0].id in top and self._has_reason(p[0], item)), None)
            if lead is not None:
                chosen.append(cause.led_by(lead))
            if len(chosen) == self._policy.max_behaviours:
                break
        return chosen

    def _has_reason(self, behaviour: Behaviour, item: Item) -> bool:
        finder = self._finder
        return bool(
            finder.kinship(behaviour, item)
            or finder.shared_aspects(behaviour, item)
            or finder.co_occurrence(behaviour, item)
            or finder.closeness(behaviour, item)
        )

    def _reasons(self, behaviours: Sequence[Behaviour], item: Item, *, quote: bool) -> list[tuple[Reason, ...]]:
        """Return the reasons per behaviour, the most telling first.

        None where all it has is a second count: one count a text is enough.
        """
        kin = [self._finder.kinship(behaviour, item) for behaviour in behaviours]
        general = self._general_reasons(behaviours, item, quote=quote)
        return [
            found if k is None else (k, *(r for r in found if not isinstance(r, CloseInMeaning)))
            for k, found in zip(kin, general, strict=True)
        ]

    def _general_reasons(self, behaviours: Sequence[Behaviour], item: Item, *, quote: bool) -> list[tuple[Reason, ...]]:
        shared = [self._finder.shared_aspects(behaviour, item) for behaviour in behaviours]
        counts = [self._finder.co_occurrence(behaviour, item) for behaviour in behaviours]
        # A word that two titles share tells less than a category: what people did goes first, wherever it is known.
        quote = quote or all(s.source is not AspectSource.CATALOGUE for found in shared for s in found)
        if len(behaviours) == 1:
            aspects: list[Reason] = [*shared[0][: self._policy.max_aspects]]
            count = [counts[0]] if counts[0] is not None and (quote or not aspects) else []
            return [(*aspects, *count) or self._closeness(behaviours[0], item)]
        quoted = _quoted(counts, shared, quote=quote)
        names = [[] if n == quoted else [s.aspect for s in aspects] for n, aspects in enumerate(shared)]
        aspect_of = fewest_aspects(names)
        found: list[tuple[Reason, ...]] = []
        for n, behaviour in enumerate(behaviours):
            aspect, count_here = aspect_of[n], counts[n]
            if n == quoted and count_here is not None:
                found.append((count_here,))
            else:
                same = tuple(s for s in shared[n] if s.aspect == aspect)
                found.append(same or self._closeness(behaviour, item))
        return found

    def _closeness(self, behaviour: Behaviour, item: Item) -> tuple[Reason, ...]:
        close = self._finder.closeness(behaviour, item)
        return () if close is None else (close,)

    def _cite(self, slot: str, cause: Cause, positive: float, reasons: tuple[Reason, ...]) -> CitedBehaviour:
        (behaviour, contribution), *others = cause.pairs
        is_series = any(isinstance(reason, SameSeries) for reason in reasons)
        return CitedBehaviour(
            slot=slot,
            behaviour_id=behaviour.id,
            item_id=behaviour.item,
            title=self._finder.item_of(behaviour).title,
            kind=behaviour.kind,
            polarity=self._model.recommender.scale.polarity(behaviour),
            contribution=contribution,
            share=contribution / positive,
            reasons=reasons,
            value=behaviour.value,
            time=behaviour.time,
            merged=tuple(other.id for other, _ in others),
            more_of_series=self._more_of_series(behaviour, [other for other, _ in others]) if is_series else 0,
        )

    def _more_of_series(self, behaviour: Behaviour, others: Sequence[Behaviour]) -> int:
        """Return how many other works of its series the same was done with; one game on two machines is one."""
        series = self._series[behaviour.item]
        alike = (b for b in others if b.kind is behaviour.kind and self._series.get(b.item) == series)
        works = {plain_title(self._finder.item_of(b).title).casefold() for b in alike}
        return len(works - {plain_title(self._finder.item_of(behaviour).title).casefold()})


def _is_withheld(history: History, attribution: Attribution, private: Collection[str]) -> bool:
    """Return whether private behaviours, which are told of as one, raise the item at least as much as any other one."""
    pairs = zip(history.behaviours, attribution.contributions, strict=True)
    raised = [(b.id in private, contribution) for b, contribution in pairs if contribution > 0]
    hidden = sum(contribution for is_private, contribution in raised if is_private)
    return hidden > 0 and hidden >= max((one for is_private, one in raised if not is_private), default=0.0)


def _quoted(
    counts: Sequence[CoOccurrence | None], shared: Sequence[Sequence[SharedAspect]], *, quote: bool
) -> int | None:
    """Return which behaviour quotes its count: one that has nothing else, or the first that can if asked to."""
    able = [n for n, count in enumerate(counts) if count is not None]
    needy = [n for n in able if not shared[n]]
    if needy:
        return needy[0]
    return able[0] if able and quote else None
