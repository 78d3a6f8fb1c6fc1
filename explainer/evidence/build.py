"""Contributions + catalogue → evidence: the strongest behaviours that a checked fact links to the item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from explainer.attribution import Attribution
from explainer.evidence.model import CitedBehaviour, CoOccurrence, Evidence, Popularity, Reason, SharedAspect
from explainer.evidence.policy import EvidencePolicy, stable_choice
from explainer.evidence.reasons import ReasonFinder, fact_order, fewest_aspects
from explainer.evidence.tags import without_aspects
from retriever.data import AspectSource, Behaviour, BehaviourKind, History, Item, Polarity
from retriever.statistics import PeopleCounts
from retriever.store import FittedModel

Pair = tuple[Behaviour, float]
"""A behaviour and its contribution."""


class EvidenceBuilder:
    """Builds evidence for one fitted model.

    Args:
        model: The recommender that ranked the item, with its counts and embeddings.
        domain: Which wording fits.
        policy: Thresholds.
        people: Counts that a reason may quote, by what they count; by default the model's own, which are of likes only
            where every behaviour is a like or a rating.
    """

    def __init__(
        self,
        model: FittedModel,
        domain: str,
        policy: EvidencePolicy | None = None,
        people: PeopleCounts | None = None,
    ) -> None:
        self._model = model
        self._domain = domain
        self._policy = policy or EvidencePolicy()
        self._catalogue = model.recommender.catalogue
        self._people = {BehaviourKind.LIKE: model.counts} if people is None else people
        self._finder = ReasonFinder(model, self._policy, self._people)

    def build(self, history: History, attribution: Attribution, hidden: Collection[str] = ()) -> Evidence:
        """Return the evidence for the attributed item.

        Behaviours that speak against their item, or did not raise this item's score, are never cited; nor are the
        (case-folded) aspects that the user has hidden.
        """
        item = without_aspects(self._catalogue.items[self._catalogue.position(attribution.item)], hidden)
        cited = self._cited(history, attribution, item)
        return Evidence(
            item_id=item.id,
            title=item.title,
            domain=self._domain,
            value_high=self._model.recommender.scale.high,
            behaviours=cited,
            known_user=len(history) > 0,
            popularity=None if cited else self._popularity(item),
        )

    def _popularity(self, item: Item) -> Popularity | None:
        """Return how many people liked the item (or read it, bought it: what people here do most), if they are many."""
        kind = max(self._people, key=lambda kind: int(self._people[kind].likes.sum()), default=None)
        if kind is None or not self._people[kind].is_among_most_liked(item.id, self._policy.popular_share):
            return None
        return Popularity(*self._people[kind].popularity(item.id), kind)

    def _cited(self, history: History, attribution: Attribution, item: Item) -> tuple[CitedBehaviour, ...]:
        positive = sum(c for c in attribution.contributions if c > 0)
        ranked = [(history.behaviours[at], attribution.contributions[at]) for at in attribution.order]
        chosen = self._strongest(self._eligible(ranked, item), item)
        # Every second pair quotes people where it can, so that texts differ; the same pair always does the same.
        quote = stable_choice(2, history.user, item.id, "quote people") == 0
        reasons = self._reasons([behaviour for behaviour, _ in chosen], item, quote=quote)
        kept = [(pair, found) for pair, found in zip(chosen, reasons, strict=True) if found]
        ordered = [kept[position] for position in fact_order([found for _, found in kept])]
        return tuple(
            self._cite(f"b{n}", behaviour, contribution, contribution / positive, found)
            for n, ((behaviour, contribution), found) in enumerate(ordered, start=1)
        )

    def _eligible(self, ranked: Sequence[Pair], item: Item) -> Iterator[Pair]:
        """Yield behaviours fit to be cited, strongest first, one per work and never the item itself."""
        works = self._catalogue.works
        used = {int(works[self._catalogue.position(item.id)])}
        for behaviour, contribution in ranked:
            if contribution <= 0 or behaviour.item not in self._catalogue:
                continue
            work = int(works[self._catalogue.position(behaviour.item)])
            if work not in used and self._model.recommender.scale.polarity(behaviour) is Polarity.POSITIVE:
                used.add(work)
                yield behaviour, contribution

    def _strongest(self, eligible: Iterator[Pair], item: Item) -> list[Pair]:
        """Return the strongest behaviours that have any reason at all, none much weaker than the first."""
        chosen: list[Pair] = []
        for behaviour, contribution in eligible:
            if chosen and contribution < self._policy.min_relative * chosen[0][1]:
                break
            if self._has_reason(behaviour, item):
                chosen.append((behaviour, contribution))
            if len(chosen) == self._policy.max_behaviours:
                break
        return chosen

    def _has_reason(self, behaviour: Behaviour, item: Item) -> bool:
        finder = self._finder
        return bool(
            finder.shared_aspects(behaviour, item)
            or finder.co_occurrence(behaviour, item)
            or finder.closeness(behaviour, item)
        )

    def _reasons(self, behaviours: Sequence[Behaviour], item: Item, *, quote: bool) -> list[tuple[Reason, ...]]:
        """Return the reasons per behaviour; none where all it has is a second count: one count a text is enough."""
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

    def _cite(
        self, slot: str, behaviour: Behaviour, contribution: float, share: float, reasons: tuple[Reason, ...]
    ) -> CitedBehaviour:
        return CitedBehaviour(
            slot=slot,
            behaviour_id=behaviour.id,
            item_id=behaviour.item,
            title=self._finder.item_of(behaviour).title,
            kind=behaviour.kind,
            polarity=Polarity.POSITIVE,
            contribution=contribution,
            share=share,
            reasons=reasons,
            value=behaviour.value,
            time=behaviour.time,
        )


def _quoted(
    counts: Sequence[CoOccurrence | None], shared: Sequence[Sequence[SharedAspect]], *, quote: bool
) -> int | None:
    """Return which behaviour quotes its count: one that has nothing else, or the first that can if asked to."""
    able = [n for n, count in enumerate(counts) if count is not None]
    needy = [n for n in able if not shared[n]]
    if needy:
        return needy[0]
    return able[0] if able and quote else None
