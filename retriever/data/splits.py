"""Splits: what a recommender may learn from, and what is held out to ask whether it learnt.

``leave-last`` holds out the last part of every user's history, ``time`` everything after one moment, ``random`` any
part of every history. See Meng et al., "Exploring Data Splitting Strategies for the Evaluation of Recommendation
Models" (RecSys 2020): only ``time`` keeps one user's future out of another user's past.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from retriever.data.model import Behaviour, Dataset, History
from retriever.errors import DataError


class SplitMethod(StrEnum):
    """How behaviours are held out."""

    LEAVE_LAST = "leave-last"
    TIME = "time"
    RANDOM = "random"


class SplitConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a split.

    Attributes:
        method: How.
        share: Part of the behaviours that is held out, above 0 and below 1. Of a user's history at least one behaviour
            is held out and at least one stays.
        seed: Of the random split.
    """

    method: SplitMethod = SplitMethod.LEAVE_LAST
    share: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """A dataset cut in two.

    Attributes:
        train: Items and the behaviours that may be learnt from.
        held_out: Per user the behaviours kept back, in time order. Only users who have some in ``train``, too, are
            here: nobody can be recommended anything personal without a history.
        config: How it was cut.
    """

    train: Dataset
    held_out: Mapping[str, tuple[Behaviour, ...]]
    config: SplitConfig


def split(dataset: Dataset, config: SplitConfig) -> Split:
    """Return the dataset cut in two; no behaviour is on both sides.

    Raises:
        DataError: If the share is not between 0 and 1, the dataset has no times where they are needed, or nobody is
            left to test with.
    """
    if not 0 < config.share < 1:
        raise DataError(f"The share of behaviours held out is {config.share}; it must lie between 0 and 1.")
    if config.method is SplitMethod.TIME:
        held = _after(dataset, _moment(dataset, config.share))
    else:
        shuffle = random.Random(config.seed) if config.method is SplitMethod.RANDOM else None
        held = {b.id for history in dataset.histories.values() for b in _last(history, config.share, shuffle)}
    train = replace(dataset, behaviours=tuple(b for b in dataset.behaviours if b.id not in held))
    known = train.histories
    rows: dict[str, list[Behaviour]] = {}
    for behaviour in dataset.behaviours:
        if behaviour.id in held and behaviour.user in known:
            rows.setdefault(behaviour.user, []).append(behaviour)
    if not rows:
        raise DataError(
            f"{dataset.name}: no user has behaviours on both sides of the split; use another split or share."
        )
    return Split(train, {user: History.of(user, of).behaviours for user, of in rows.items()}, config)


def _last(history: History, share: float, shuffle: random.Random | None) -> tuple[Behaviour, ...]:
    behaviours = list(history.behaviours)
    if len(behaviours) < 2:  # noqa: PLR2004  one to learn from and one to test with
        return ()
    if shuffle is not None:
        shuffle.shuffle(behaviours)
    count = min(len(behaviours) - 1, max(1, round(share * len(behaviours))))
    return tuple(behaviours[-count:])


def _moment(dataset: Dataset, share: float) -> int:
    times = sorted(_times(dataset.behaviours))
    if len(times) < len(dataset.behaviours):
        missing = len(dataset.behaviours) - len(times)
        raise DataError(
            f"{dataset.name}: {missing} behaviours have no time, so no moment divides them; use leave-last."
        )
    if not times:
        raise DataError(f"{dataset.name} has no behaviours to split.")
    return times[min(len(times) - 1, int((1 - share) * len(times)))]


def _after(dataset: Dataset, moment: int) -> set[str]:
    # From the moment on, all of it: two behaviours of the same second must not land on two sides.
    return {b.id for b in dataset.behaviours if b.time is not None and b.time >= moment}


def _times(behaviours: Iterable[Behaviour]) -> list[int]:
    return [b.time for b in behaviours if b.time is not None]
