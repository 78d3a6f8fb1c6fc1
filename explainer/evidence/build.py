"""Contributions + catalogue → evidence: the strongest behaviours that a checked fact links to the item."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from explainer.attribution import Attribution
from explainer.evidence.model import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SharedAspect,
)
from retriever.data import Behaviour, BehaviourKind, History, Item, Polarity
from retriever.store import FittedModel


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """What counts as a reason, and how many behaviours a text may rest on.

    Attributes:
        max_behaviours: Most behaviours cited.
        min_relative: A behaviour is cited only if it contributed at least this share of the strongest one.
        max_aspects: Most shared aspects per behaviour, rarest first.
        min_people: Co-occurrence is quoted only for items that at least so many people liked.
        min_together: And only if at least this share of them liked the recommended item too.
        min_lift: And only if that share is so many times the share among all people.
        min_cosine: Closeness in meaning is a reason from this cosine on.
        popular_share: "Popular" means: in this share of the catalogue with the most likes.
    """

    max_behaviours: int = 3
    min_relative: float = 0.7
    max_aspects: int = 2
    min_people: int = 20
    min_together: float = 0.3
    min_lift: float = 1.3
    min_cosine: float = 0.55
    popular_share: float = 0.1


def stable_choice(options: int, *parts: str) -> int:
    """Return a number below ``options`` that depends on the parts alone: the same pair gets the same wording."""
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % options


class EvidenceBuilder:
    """Builds evidence for one fitted model.

    Args:
        model: The recommender that ranked the item, with its counts and embeddings.
        domain: Which wording fits.
        policy: Thresholds.
    """

    def __init__(self, model: FittedModel, domain: str, policy: EvidencePolicy | None = None) -> None:
        self._model = model
        self._domain = domain
        self._policy = policy or EvidencePolicy()
        self._catalogue = model.recommender.catalogue
        self._aspect_counts: dict[str, int] = {}
        for item in self._catalogue.items:
            for aspect in item.aspects:
                self._aspect_counts[aspect] = self._aspect_counts.get(aspect, 0) + 1

    def build(self, history: History, attribution: Attribution) -> Evidence:
        """Return the evidence for the attributed item.

        Behaviours that speak against their item, or did not raise this item's score, are never cited.
        """
        item = self._catalogue.items[self._catalogue.position(attribution.item)]
        cited = self._cited(history, attribution, item)
        popularity = None
        if not cited and self._model.counts.is_among_most_liked(item.id, self._policy.popular_share):
            popularity = Popularity(*self._model.counts.popularity(item.id))
        return Evidence(
            item_id=item.id,
            title=item.title,
            domain=self._domain,
            value_high=self._model.recommender.scale.high,
            behaviours=cited,
            known_user=len(history) > 0,
            popularity=popularity,
        )

    def _cited(self, history: History, attribution: Attribution, item: Item) -> tuple[CitedBehaviour, ...]:
        positive = sum(c for c in attribution.contributions if c > 0)
        ranked = sorted(zip(history.behaviours, attribution.contributions, strict=True), key=lambda pair: -pair[1])
        # One count a text is a fact, three are a table. With the angle "people" the first that can quotes one; without
        # it, a count only stands in where aspects are missing.
        wanted = stable_choice(2, history.user, item.id, "angle") == 0
        counted = False
        cited: list[CitedBehaviour] = []
        for behaviour, contribution in self._eligible(ranked, item):
            if cited and contribution < self._policy.min_relative * cited[0].contribution:
                break
            reasons = self._reasons(behaviour, item, wanted=wanted, allowed=not counted)
            if not reasons:
                continue
            counted = counted or any(isinstance(reason, CoOccurrence) for reason in reasons)
            cited.append(self._cite(f"b{len(cited) + 1}", behaviour, contribution, positive, reasons))
            if len(cited) == self._policy.max_behaviours:
                break
        return tuple(cited)

    def _eligible(
        self, ranked: list[tuple[Behaviour, float]], item: Item
    ) -> Iterator[tuple[Behaviour, float]]:
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

    def _cite(
        self, slot: str, behaviour: Behaviour, contribution: float, positive: float, reasons: tuple[Reason, ...]
    ) -> CitedBehaviour:
        item = self._catalogue.items[self._catalogue.position(behaviour.item)]
        return CitedBehaviour(
            slot=slot,
            behaviour_id=behaviour.id,
            item_id=behaviour.item,
            title=item.title,
            kind=behaviour.kind,
            polarity=Polarity.POSITIVE,
            contribution=contribution,
            share=contribution / positive,
            reasons=reasons,
            value=behaviour.value,
            time=behaviour.time,
        )

    def _reasons(self, behaviour: Behaviour, item: Item, *, wanted: bool, allowed: bool) -> tuple[Reason, ...]:
        met = self._catalogue.items[self._catalogue.position(behaviour.item)]
        shared = sorted(set(met.aspects) & set(item.aspects), key=lambda a: (self._aspect_counts[a], a))
        reasons: list[Reason] = [SharedAspect(aspect) for aspect in shared[: self._policy.max_aspects]]
        if allowed and (wanted or not reasons) and (together := self._together(behaviour, item)) is not None:
            reasons.append(together)
        if not reasons and (cosine := self._cosine(met, item)) >= self._policy.min_cosine:
            reasons.append(CloseInMeaning(cosine))
        return tuple(reasons)

    def _together(self, behaviour: Behaviour, item: Item) -> CoOccurrence | None:
        # "n of m people who liked it" presumes that liking is something people say: by a rating or a like.
        if behaviour.value is None and behaviour.kind is not BehaviourKind.LIKE:
            return None
        n, m = self._model.counts.together(behaviour.item, item.id)
        overall = self._model.counts.share_liking(item.id)
        if m < self._policy.min_people or n < self._policy.min_together * m or n < self._policy.min_lift * overall * m:
            return None
        return CoOccurrence(n, m)

    def _cosine(self, first: Item, second: Item) -> float:
        rows = self._model.embeddings[[self._catalogue.position(first.id), self._catalogue.position(second.id)]]
        return float(rows[0] @ rows[1])
