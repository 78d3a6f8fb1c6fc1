"""What is sensitive in a customer's record, and the same record without it.

A behaviour is sensitive if its item was judged to be private (health, belief, sex life and the like: see
:mod:`explainer.evidence.firewall`), or if what an explanation has stored of it says so in words. Ids are masked, too:
whoever has the catalogue could look them up.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from explainer.evidence import Reason, SameCreator, SameSeries, SharedAspect
from explainer.evidence.firewall import PrivateWords
from explainer.service.behaviours import BehaviourView
from explainer.service.exclusions import Exclusion
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.storage.private import kept_out, private_behaviours
from explainer.view import CitedView, CounterfactualView, ExplanationView

MASK = "•••"


def sensitive_behaviours(session: Session | Connection, user: str) -> frozenset[str]:
    """Return the ids of the user's behaviours that tell of their private life."""
    return frozenset(private_behaviours(session, user))


def sensitive_in(session: Session, row: ExplanationRow, private_words: PrivateWords) -> frozenset[str]:
    """Return the behaviours of an explanation's user that are private now, or by the record itself."""
    return sensitive_behaviours(session, row.user_id) | sensitive_by(row, private_words)


def sensitive_by(row: ExplanationRow, private_words: PrivateWords) -> frozenset[str]:
    """Return the behaviours that were private when an explanation was made, and those of which it has private words."""
    named = (cited.behaviour_id for cited in row.evidence if private_words.are_in(_words_of(cited)))
    return private_then(row).union(named)


def private_then(row: ExplanationRow) -> frozenset[str]:
    """Return the behaviours that were private when an explanation was made."""
    return frozenset(kept_out(row.asked))


def _words_of(cited: EvidenceRow) -> str:
    """Return what is stored of a cited behaviour in words, whatever its item is today."""
    return "\n".join([cited.title, *(reason["aspect"] for reason in cited.reasons if "aspect" in reason)])


def as_one(contributions: Mapping[str, float], private: Collection[str]) -> dict[str, float]:
    """Return contributions with those of private behaviours summed, last."""
    kept = {key: value for key, value in contributions.items() if key not in private}
    hidden = [value for key, value in contributions.items() if key in private]
    return kept | ({MASK: math.fsum(hidden)} if hidden else {})


def ids_as_one(ids: Sequence[str], private: Collection[str]) -> list[str]:
    """Return ids with those of private behaviours as one, last."""
    kept = [key for key in ids if key not in private]
    return kept if len(kept) == len(ids) else [*kept, MASK]


def counterfactual_as_one(found: CounterfactualView, private: Collection[str]) -> CounterfactualView:
    """Return the counterfactual with all private behaviours as one."""
    if found.behaviours is None:
        return found
    return replace(found, behaviours=ids_as_one(found.behaviours, private))


def with_text(view: ExplanationView, text: str) -> ExplanationView:
    """Return the explanation with another text, and nothing of how its own was made, nor of what that rests on.

    What made it has words of the facts; the verdict has the figure of what is cited, which may be one behaviour.
    """
    return replace(view, text=text, verdict=None, gate_failures=[], versions=replace(view.versions, prompt_hash=""))


def without_merged(cited: CitedView, private: Collection[str]) -> CitedView:
    """Return a cited behaviour without the private ones that are the same cause."""
    return replace(cited, merged=[one for one in cited.merged if one not in private])


@dataclass(slots=True)
class Mask:
    """Masks one answer. What behaviours do to a score is one sum: figures of each, item by item, would tell what it is.

    Where it is named otherwise, a behaviour has the same stand-in throughout the answer.

    Args:
        sensitive: Ids of the behaviours to mask.
    """

    sensitive: Collection[str]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many different behaviours were masked."""
        return len(self.names)

    def key(self, behaviour_id: str) -> str:
        """Return the id, or its stand-in."""
        if behaviour_id not in self.sensitive:
            return behaviour_id
        return self.names.setdefault(behaviour_id, f"{MASK}{len(self.names) + 1}")

    def explanation(self, view: ExplanationView) -> ExplanationView:
        """Return the explanation with its sensitive behaviours masked; its text, where it rests on one."""
        for key in view.contributions:
            self.key(key)
        found = view.counterfactual
        is_whole = not any(cited.behaviour_id in self.sensitive for cited in view.evidence)
        return replace(
            view if is_whole else with_text(view, MASK),
            evidence=[self._cited(cited) for cited in view.evidence],
            contributions=as_one(view.contributions, self.sensitive),
            order=ids_as_one(view.order, self.sensitive),
            counterfactual=None if found is None else self.counterfactual(found),
        )

    def counterfactual(self, found: CounterfactualView) -> CounterfactualView:
        """Return the counterfactual with all sensitive behaviours as one."""
        for key in found.behaviours or ():
            self.key(key)
        return counterfactual_as_one(found, self.sensitive)

    def behaviour(self, met: BehaviourView) -> BehaviourView:
        """Return a behaviour without what it is about, if it is sensitive."""
        if met.id not in self.sensitive:
            return met
        return replace(met, id=self.key(met.id), item=MASK, title=MASK, value=None, time=None)

    def exclusion(self, found: Exclusion) -> Exclusion:
        """Return an exclusion without what it is about, if it is sensitive."""
        if found.behaviour_id not in self.sensitive:
            return found
        key = self.key(found.behaviour_id)
        return replace(found, behaviour_id=key, item=MASK, title=MASK, value=None, time=None)

    def titles(self, titles: Mapping[str, str]) -> dict[str, str]:
        """Return behaviours' titles, by their ids as they are, with sensitive ones masked."""
        return {key: MASK if key in self.sensitive else title for key, title in titles.items()}

    def _cited(self, cited: CitedView) -> CitedView:
        if cited.behaviour_id not in self.sensitive:
            return without_merged(cited, self.sensitive)
        return replace(
            cited,
            behaviour_id=self.key(cited.behaviour_id),
            item=MASK,
            title=MASK,
            value=None,
            time=None,
            contribution=None,
            share=None,
            reasons=[masked for masked in map(_masked, cited.reasons) if masked is not None],
            merged=[],  # they are about the same
        )


def _masked(reason: Reason) -> Reason | None:
    """Return the reason without what it names; None for one that names nothing: its figures would tell which it is."""
    if isinstance(reason, SharedAspect):
        return SharedAspect(MASK, reason.source)
    if isinstance(reason, SameSeries):
        return SameSeries(MASK)
    return SameCreator(MASK) if isinstance(reason, SameCreator) else None
