"""What is sensitive in a customer's record, and the same record without it.

A behaviour is sensitive if its item carries a term that evidence keeps from customers (health, belief, sex life and the
like: see :mod:`explainer.evidence.citable`), among its aspects or in its title. Ids are masked, too: whoever has the
catalogue could look them up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.evidence import Reason, SameCreator, SameSeries, SharedAspect, TagBehaviour, UserTag
from explainer.evidence.citable import is_sensitive
from explainer.service.why_not import Part, WhyNot
from explainer.storage.tables import BehaviourRow, ItemRow
from explainer.tags import TagList
from explainer.view import CitedView, CounterfactualView, ExplanationView

MASK = "•••"
E = TypeVar("E", bound=ExplanationView)


def sensitive_behaviours(session: Session, user: str) -> frozenset[str]:
    """Return the ids of the user's behaviours that tell of their private life."""
    query = (
        select(BehaviourRow.id, ItemRow.id, ItemRow.title, ItemRow.aspects, ItemRow.phrases)
        .join(ItemRow, ItemRow.id == BehaviourRow.item_id)
        .where(BehaviourRow.user_id == user)
    )
    known: dict[str, bool] = {}
    found = set()
    for behaviour, item, title, aspects, phrases in session.execute(query):
        if item not in known:
            known[item] = _is_sensitive([title, *aspects, *(phrase["term"] for phrase in phrases)])
        if known[item]:
            found.add(behaviour)
    return frozenset(found)


def is_sensitive_item(session: Session, item_id: str) -> bool:
    """Return whether an item is such that having met it tells of a private life; False for one that is not there."""
    row = session.get(ItemRow, item_id)
    return row is not None and _is_sensitive([row.title, *row.aspects, *(phrase["term"] for phrase in row.phrases)])


def _is_sensitive(terms: Sequence[str]) -> bool:
    return is_sensitive("\n".join(terms))


@dataclass(slots=True)
class Mask:
    """Masks one answer: a behaviour has the same stand-in wherever the answer names it.

    Args:
        sensitive: Ids of the behaviours to mask.
    """

    sensitive: Collection[str]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many different things were masked."""
        return len(self.names)

    def key(self, behaviour_id: str) -> str:
        """Return the id, or its stand-in."""
        return self._named(behaviour_id) if behaviour_id in self.sensitive else behaviour_id

    def _named(self, thing: str) -> str:
        return self.names.setdefault(thing, f"{MASK}{len(self.names) + 1}")

    def explanation(self, view: E) -> E:
        """Return the explanation with its sensitive behaviours masked; its texts, where they rest on one."""
        told = {cited.behaviour_id for cited in view.evidence if _tells(cited)}
        self.sensitive = {*self.sensitive, *told}
        contributions = {self.key(key): value for key, value in view.contributions.items()}
        found = view.counterfactual
        if any(cited.behaviour_id in self.sensitive for cited in view.evidence):
            view = retold(view, MASK)
        return replace(
            view,
            evidence=[self._cited(cited) for cited in view.evidence],
            contributions=contributions,
            order=[self.key(key) for key in view.order],
            counterfactual=None if found is None else self.counterfactual(found),
        )

    def counterfactual(self, found: CounterfactualView) -> CounterfactualView:
        """Return the counterfactual with sensitive behaviours masked."""
        if found.behaviours is None:
            return found
        return replace(found, behaviours=[self.key(key) for key in found.behaviours])

    def why_not(self, found: WhyNot) -> WhyNot:
        """Return the answer with sensitive behaviours masked."""
        return replace(
            found, speaks_for=self._parts(found.speaks_for), speaks_against=self._parts(found.speaks_against)
        )

    def tags(self, held: TagList) -> TagList:
        """Return the tags with sensitive ones, and sensitive behaviours behind others, masked."""
        return replace(
            held,
            tags=[self._tag(tag) for tag in held.tags],
            deleted=[self._word(tag) for tag in held.deleted],
        )

    def titles(self, titles: Mapping[str, str]) -> dict[str, str]:
        """Return behaviours' titles, by their ids as they are, with sensitive ones masked."""
        return {key: MASK if key in self.sensitive else title for key, title in titles.items()}

    def _cited(self, cited: CitedView) -> CitedView:
        merged = [self.key(key) for key in cited.merged]
        if cited.behaviour_id not in self.sensitive:
            return replace(cited, merged=merged)
        return replace(
            cited,
            behaviour_id=self.key(cited.behaviour_id),
            item=MASK,
            title=MASK,
            value=None,
            time=None,
            reasons=[masked for masked in map(_masked, cited.reasons) if masked is not None],
            merged=merged,
        )

    def _parts(self, parts: Sequence[Part]) -> list[Part]:
        return [
            replace(part, behaviour_id=self.key(part.behaviour_id), item=MASK, title=MASK)
            if part.behaviour_id in self.sensitive
            else part
            for part in parts
        ]

    def _word(self, tag: str) -> str:
        if not is_sensitive(tag):
            return tag
        self._named(f"tag {tag}")
        return MASK

    def _tag(self, tag: UserTag) -> UserTag:
        return replace(tag, tag=self._word(tag.tag), behaviours=tuple(map(self._tagged, tag.behaviours)))

    def _tagged(self, behaviour: TagBehaviour) -> TagBehaviour:
        if behaviour.behaviour_id not in self.sensitive:
            return behaviour
        return TagBehaviour(self.key(behaviour.behaviour_id), MASK, MASK)


def retold(view: E, text: str) -> E:
    """Return the explanation with this in place of its text, and of every later one that the view has."""
    changes: dict[str, object] = {"text": text}
    if "current" in view.__struct_fields__:
        changes["current"] = text
    later = getattr(view, "revisions", None)
    if later is not None:
        changes["revisions"] = [replace(revision, text=text) for revision in later]
    return replace(view, **changes)


def _tells(cited: CitedView) -> bool:
    """Return whether what is stored of a cited behaviour is sensitive, whatever its item is today."""
    named = (r.aspect for r in cited.reasons if isinstance(r, SharedAspect))
    return _is_sensitive([cited.title, *named])


def _masked(reason: Reason) -> Reason | None:
    """Return the reason without what it names; None for one that names nothing: its figures would tell which it is."""
    if isinstance(reason, SharedAspect):
        return SharedAspect(MASK, reason.source)
    if isinstance(reason, SameSeries):
        return SameSeries(MASK)
    return SameCreator(MASK) if isinstance(reason, SameCreator) else None
