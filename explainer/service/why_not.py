"""Why an item is *not* in a user's list: met already, or outranked, and by how much; what spoke for and against it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from enum import StrEnum

import msgspec
import numpy as np

from explainer.attribution import Attribution
from explainer.pipeline import Explainer
from explainer.storage.catalogue import load_item
from retriever.data import History
from retriever.retrieve import met_items, rank_of, recommend

_MOST = 3
_OFF = " Scores go by popularity alone, since they have switched personal recommendations off."


class Standing(StrEnum):
    """Where an item stands with a user."""

    LISTED = "listed"
    MET = "met"
    OUTRANKED = "outranked"


class Part(msgspec.Struct, frozen=True):
    """What one behaviour does to the item's score, in score units."""

    behaviour_id: str
    item: str
    title: str
    contribution: float


class WhyNot(msgspec.Struct, frozen=True):
    """Why an item is not in a list.

    Attributes:
        user: Whose list.
        item: The item's id.
        title: Its title.
        k: Length of the list.
        standing: ``listed`` if it is there after all, ``met`` if it is no news to them, else ``outranked``.
        rank: Its place among what they have not met, from 1; None if they have met it.
        of: How many items that are.
        score: Its score; None if they have met it.
        needed: The score of the last item of the list.
        speaks_for: Their behaviours that raise it most; none of what they have excluded.
        speaks_against: Their behaviours that lower it most.
        words: The same in a sentence.
    """

    user: str
    item: str
    title: str
    k: int
    standing: Standing
    rank: int | None
    of: int
    score: float | None
    needed: float | None
    speaks_for: list[Part]
    speaks_against: list[Part]
    words: str


def why_not(explainer: Explainer, user: str, item_id: str, k: int, unnamed: str | None = None) -> WhyNot:
    """Return why the item is not among the user's k best.

    Args:
        explainer: The pipeline.
        user: Whose list.
        item_id: Which item.
        k: Length of the list.
        unnamed: What a customer reads for all that they did of a private kind, which is one part then; None names it.

    Raises:
        NotFoundError: If there is no such item.
        UnknownItemError: If the recommender knows no such item.
    """
    asking = explainer.asking(user, k)
    cases, history = explainer.cases(asking), asking.history
    recommender = cases.recommender
    with explainer.database.session() as session:
        item = load_item(session, item_id)
    met = met_items(recommender, history)
    of = int(np.count_nonzero(~met))
    best = recommend(recommender, history, k, met)
    needed = best[-1].score if best else None
    if met[recommender.catalogue.position(item.id)]:
        words = "They have met it already, under this or another entry of the same work; lists hold only what is new."
        return WhyNot(user, item.id, item.title, k, Standing.MET, None, of, None, needed, [], [], words)
    rank, score = rank_of(recommender, history, item.id, met)
    parts = _parts(cases.attribution(history, item.id), history, explainer.titles(user))
    if unnamed is not None:
        parts = _with_one(parts, asking.private or (), unnamed)
    standing = Standing.LISTED if item.id in {r.item.id for r in best} else Standing.OUTRANKED
    return WhyNot(
        user,
        item.id,
        item.title,
        k,
        standing,
        rank,
        of,
        score,
        needed,
        [part for part in parts if part.contribution > 0][:_MOST],
        [part for part in reversed(parts) if part.contribution < 0][:_MOST],
        _words(standing, rank, of, score, needed) + (_OFF if asking.switched_off else ""),
    )


def _parts(attribution: Attribution, history: History, titles: Mapping[str, str]) -> list[Part]:
    """Return what each behaviour does to the score, most helpful first."""
    pairs = zip(history.behaviours, attribution.contributions, strict=True)
    parts = [Part(b.id, b.item, titles.get(b.id, b.item), float(value)) for b, value in pairs]
    return sorted(parts, key=lambda part: -part.contribution)


def _with_one(parts: list[Part], private: Collection[str], unnamed: str) -> list[Part]:
    """Return the parts with the private ones as one."""
    hidden = [part.contribution for part in parts if part.behaviour_id in private]
    if not hidden:
        return parts
    kept = [part for part in parts if part.behaviour_id not in private]
    return sorted([*kept, Part("•••", "•••", unnamed, math.fsum(hidden))], key=lambda part: -part.contribution)


def _words(standing: Standing, rank: int, of: int, score: float, needed: float | None) -> str:
    if standing is Standing.LISTED:
        return f"It is in the list, at rank {rank} of {of}."
    if needed is None:
        return f"It ranks {rank} of {of}; the list is empty."
    return f"It ranks {rank} of {of}: its score is {score:.4f}, and the last item of the list has {needed:.4f}."
