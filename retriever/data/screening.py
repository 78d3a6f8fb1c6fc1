"""Screening: what each row alone can't show. Runs after the rows are cleaned; every loss is counted with its reason.

Dropped: times that are both older than the web and far from all others; repeats within a minute; users who are no
people, by volume or by speed. Only named in the report, and kept: unusually busy people, times far from the bulk but
possible, and people who give everything the same value.

That last one is a choice. A long history of nothing but fives says little about what its owner likes *more*, but what
they chose to rate at all is a preference, and in shops most people only ever give five stars: dropping them would drop
the customers. So they are counted, and the values are left to the recommender.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from retriever.data.cleaning_report import CleaningReport, DropReason, FlagReason
from retriever.data.model import Behaviour, BehaviourKind, Dataset
from retriever.data.pace import fast_share
from retriever.data.robust import fences, log_limit
from retriever.data.screening_config import ScreeningConfig

_DAY_S = 86_400


def screen(dataset: Dataset, report: CleaningReport, config: ScreeningConfig | None = None) -> Dataset:
    """Return the dataset without the rows and users that the rules drop; behaviours keep their order.

    Args:
        dataset: Cleaned rows.
        report: Counts what happens, in the tables ``behaviours`` and ``users``; its ``places`` are used up.
        config: Limits; without it those that came with the report.
    """
    config = config or report.screening
    rows = list(dataset.behaviours)
    people = {b.user for b in rows}
    report.read["users"] = len(people)
    if config.enabled:
        rows = _without_far_times(rows, report, config)
        rows = _without_repeats(rows, report, config)
        rows = _without_bots(rows, report, config)
        _flag_constant_values(rows, report, config)
    report.kept["users"] = len({b.user for b in rows})
    report.kept["behaviours"] = len(rows)
    report.places.clear()
    return replace(dataset, behaviours=tuple(rows)) if len(rows) < len(dataset.behaviours) else dataset


def by_user(rows: Iterable[Behaviour]) -> Mapping[str, list[Behaviour]]:
    """Return every user's rows in the order given."""
    found: dict[str, list[Behaviour]] = {}
    for row in rows:
        found.setdefault(row.user, []).append(row)
    return found


def count_limits(counts: Sequence[int], config: ScreeningConfig) -> tuple[float, float]:
    """Return the counts above which a user is watched and is a bot; infinite where there are too few users."""
    if len(counts) < config.least_sample:
        return float("inf"), float("inf")
    array = np.asarray(counts, dtype=np.int64)
    limits = (log_limit(array, cutoff, config.least_log_scale) for cutoff in (config.count_watch, config.count_cutoff))
    watch, drop = (max(limit, float(config.count_floor)) for limit in limits)
    return watch, drop


def _without_far_times(rows: list[Behaviour], report: CleaningReport, config: ScreeningConfig) -> list[Behaviour]:
    times = np.asarray([b.time for b in rows if b.time is not None], dtype=np.int64)
    if len(times) < config.least_sample:
        return rows
    low, high = fences(times, config.fence, config.least_spread_days * _DAY_S)
    report.limits["earliest usual time"], report.limits["latest usual time"] = low, high
    kept = []
    for row in rows:
        if row.time is not None and not low <= row.time <= high:
            if row.time < min(low, config.earliest):
                report.drop("behaviours", DropReason.FAR_TIME, report.place_of(row))
                continue
            report.flag("behaviours", FlagReason.FAR_TIME, report.place_of(row))
        kept.append(row)
    return kept


def _without_repeats(rows: list[Behaviour], report: CleaningReport, config: ScreeningConfig) -> list[Behaviour]:
    order = sorted(_of_several(rows), key=lambda n: rows[n].time or 0)
    latest: dict[tuple[str, str, BehaviourKind], int] = {}
    dropped: set[int] = set()
    for n in order:
        row = rows[n]
        key = row.user, row.item, row.kind
        earlier = latest.get(key)
        if earlier is None or (row.time or 0) - (rows[earlier].time or 0) > config.repeat_seconds:
            latest[key] = n
            continue
        # A second value within the minute is a correction and stands; a mere repeat does not.
        corrects = row.value is not None and row.value != rows[earlier].value
        lost = earlier if corrects else n
        dropped.add(lost)
        report.drop("behaviours", DropReason.REPEATED, report.place_of(rows[lost]))
        if corrects:
            latest[key] = n
    return [row for n, row in enumerate(rows) if n not in dropped] if dropped else rows


def _of_several(rows: Sequence[Behaviour]) -> list[int]:
    """Return where the rows with a time are whose user did the same with the same item in another one, too."""
    first: dict[tuple[str, str, BehaviourKind], int] = {}
    found: set[int] = set()
    for n, row in enumerate(rows):
        if row.time is not None:
            earlier = first.setdefault((row.user, row.item, row.kind), n)
            if earlier != n:
                found |= {earlier, n}
    return sorted(found)


def _without_bots(rows: list[Behaviour], report: CleaningReport, config: ScreeningConfig) -> list[Behaviour]:
    histories = by_user(rows)
    watch, most = count_limits([len(history) for history in histories.values()], config)
    if np.isfinite(most):
        report.limits["behaviours of one user"] = most
    bots: set[str] = set()
    for user, history in histories.items():
        reason = _bot_reason(history, most, config)
        first = f"{report.place_of(history[0])}, first of {len(history):,} rows"
        if reason is not None:
            bots.add(user)
            report.drop("users", reason, first)
            report.drop("behaviours", reason, first, rows=len(history))
        elif len(history) > watch:
            report.flag("users", FlagReason.BUSY, first)
    return [row for row in rows if row.user not in bots] if bots else rows


def _bot_reason(history: Sequence[Behaviour], most: float, config: ScreeningConfig) -> DropReason | None:
    if len(history) > most:
        return DropReason.BOT_VOLUME
    times = [b.time for b in history if b.time is not None]
    fast = fast_share(times, config.fast_per_minute, config.fast_minutes)
    return DropReason.BOT_SPEED if fast >= config.fast_share else None


def _flag_constant_values(rows: list[Behaviour], report: CleaningReport, config: ScreeningConfig) -> None:
    for history in by_user(row for row in rows if row.value is not None).values():
        if len(history) >= config.constant_from and len({b.value for b in history}) == 1:
            place = f"{report.place_of(history[0])}, first of {len(history):,} rows"
            report.flag("users", FlagReason.CONSTANT_VALUE, place)
