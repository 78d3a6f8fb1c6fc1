"""What to look at first in a month: few things, each with its numbers; words are made of them per language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from explainer.registry.proportions import Difference, difference
from explainer.service.month.accesses import Accesses
from explainer.service.month.calendar import Month
from explainer.service.month.erasures import Erasures
from explainer.service.month.log_state import LogState, Look
from explainer.service.month.texts import Texts
from explainer.service.month.versions import Versions, changed
from explainer.service.month.voices import Voices
from explainer.writing.texts import LOST

_LEAST_CHANGE = 0.005
_LEAST_TEXTS = 20
_LONGEST_S = 30 * 86_400.0
"""A month, in which a request must be answered (Art. 12(3) GDPR)."""


class Level(StrEnum):
    """How much it matters; they are told in this order."""

    BAD = "bad"
    WARN = "warn"
    GOOD = "good"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at.

    Attributes:
        key: Which; its words are ``report.find.KEY``.
        values: Its numbers, by their names there: ``…_share`` is 0 to 1, ``…_s`` are seconds, ``…_version`` a hash.
    """

    level: Level
    key: str
    values: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a month, and of the one before what it is compared with."""

    month: Month
    over: bool
    texts: Texts
    voices: Voices
    accesses: Accesses
    erasures: Erasures
    versions: Versions
    log: LogState
    texts_before: Texts
    voices_before: Voices

    def moved(self, before: int, of_before: int, n: int, of: int) -> Difference | None:
        """Return how a share moved since the month before; None where either month tells too little of itself."""
        if self.texts.is_remnant or self.texts_before.is_remnant:
            return None
        return difference(before, of_before, n, of)


def findings_of(found: Counted) -> list[Finding]:
    """Return what to look at, the gravest first."""
    made = [
        *_gone(found),
        *_fallbacks(found),
        *_complaints(found),
        *_gate(found),
        *_causes(found),
        *_private(found.texts),
        *_reviews(found),
        *_accesses(found.accesses),
        *_erasures(found.erasures),
        *_versions(found),
        *_log(found),
    ]
    levels = list(Level)
    return sorted(made, key=lambda one: levels.index(one.level))


def _gone(found: Counted) -> Iterator[Finding]:
    now, before = found.texts, found.texts_before
    if now.gone:
        yield Finding(Level.NOTE, "gone", {"n": now.gone, "made": now.made, "left": now.explanations})
    if now.is_remnant or before.is_remnant:
        yield Finding(Level.NOTE, "not_compared", {"n": before.gone, "made": before.made})


def _fallbacks(found: Counted) -> Iterator[Finding]:
    now, before = found.texts, found.texts_before
    if not now.explanations:
        if not now.gone:
            yield Finding(Level.NOTE, "nothing", {})
        return
    if not now.asked:
        yield Finding(Level.NOTE, "no_model", {"n": now.explanations})
        return
    share = now.fallbacks / now.asked
    moved = found.moved(before.fallbacks, before.asked, now.fallbacks, now.asked)
    values: dict[str, float | str] = {"share": share, "n": now.fallbacks, "of": now.asked}
    if moved is not None and _rose(moved):
        worst, worst_share = _worst_writer(now)
        values |= {
            "before_share": before.fallbacks / before.asked,
            "writer_version": worst,
            "writer_share": worst_share,
        }
        yield Finding(Level.WARN, "fallback_rose", values)
    elif moved is not None and _fell(moved):
        yield Finding(Level.GOOD, "fallback_fell", values | {"before_share": before.fallbacks / before.asked})
    else:
        yield Finding(Level.NOTE, "fallback_alone" if moved is None else "fallback", values)


def _worst_writer(texts: Texts) -> tuple[str, float]:
    """Return the writer whose texts fell back most often, of those with enough of them, and how often."""
    asked, fallbacks = Counter[str](), Counter[str]()
    for one in texts.by_day:
        asked[one.writer] += one.asked
        fallbacks[one.writer] += one.fallbacks
    enough = [writer for writer in asked if asked[writer] >= _LEAST_TEXTS] or [one for one in asked if asked[one]]
    worst = max(enough, key=lambda writer: fallbacks[writer] / asked[writer])
    return worst, fallbacks[worst] / asked[worst]


def _complaints(found: Counted) -> Iterator[Finding]:
    now, before = found.texts.explanations, found.texts_before.explanations
    n, n_before = found.voices.complaints, found.voices_before.complaints
    if not now:
        return
    values: dict[str, float | str] = {"n": n, "per_mille": 1000 * n / now}
    # Somebody may complain twice of a text: then it is no share any more, and nothing is compared.
    moved = found.moved(n_before, before, n, now) if n <= now and n_before <= before else None
    if moved is not None and moved.low > 0:
        yield Finding(Level.WARN, "complaints_rose", values | {"before_per_mille": 1000 * n_before / before})
    elif n:
        yield Finding(Level.NOTE, "complaints", values)
    else:
        yield Finding(Level.GOOD, "no_complaints", {})


def _gate(found: Counted) -> Iterator[Finding]:
    rules, of = found.texts.rules, found.texts.asked
    if not rules or not of:
        return
    before, of_before = found.texts_before.rules, found.texts_before.asked
    rises = {
        rule: moved.difference
        for rule, n in rules.items()
        if n <= of and before.get(rule, 0) <= of_before
        and (moved := found.moved(before.get(rule, 0), of_before, n, of)) is not None
        and _rose(moved)
    }  # fmt: skip
    if rises:
        rule = max(rises, key=lambda one: rises[one])
        values: dict[str, float | str] = {
            "rule": rule, "share": rules[rule] / of, "before_share": before.get(rule, 0) / of_before,
        }  # fmt: skip
        yield Finding(Level.WARN, "rule_rose", values)
    else:
        rule = next(iter(rules))
        yield Finding(Level.NOTE, "gate", {"n": found.texts.held_back, "rule": rule, "rule_n": rules[rule]})


def _causes(found: Counted) -> Iterator[Finding]:
    """Tell of what is no rule of the gate: whether the model could not be reached, and what people withdrew."""
    of, of_before = found.texts.asked, found.texts_before.asked
    for cause, n in found.texts.causes.items():
        before = found.texts_before.causes.get(cause, 0)
        moved = found.moved(before, of_before, n, of) if n <= of and before <= of_before else None
        rose = cause == LOST and moved is not None and _rose(moved)
        yield Finding(Level.WARN if rose else Level.NOTE, cause, {"n": n, "of": of})


def _private(found: Texts) -> Iterator[Finding]:
    if found.private:
        category, n = next(iter(found.private.items()))
        yield Finding(Level.NOTE, "private", {"n": found.with_private, "category": category, "category_n": n})


def _reviews(found: Counted) -> Iterator[Finding]:
    decided, waiting = sum(found.voices.verdicts.values()), found.voices.waiting
    if waiting > decided:
        yield Finding(Level.WARN, "reviews_wait", {"waiting": waiting, "decided": decided})
    elif decided:
        bad = decided - found.voices.verdicts.get("good", 0)
        yield Finding(Level.NOTE, "reviews", {"decided": decided, "bad": bad, "waiting": waiting})


def _accesses(found: Accesses) -> Iterator[Finding]:
    values: dict[str, float | str] = {"n": found.looks, "unmasked": found.unmasked, "tickets": found.tickets}
    if found.without_ticket:
        yield Finding(Level.WARN, "unmasked_bare", values | {"bare": found.without_ticket})
    elif found.looks:
        yield Finding(Level.NOTE, "accesses", values)


def _erasures(found: Erasures) -> Iterator[Finding]:
    if found.repeated:
        yield Finding(Level.NOTE, "erasures_repeated", {"n": found.repeated})
    if found.median_s is None or found.longest_s is None:
        return
    late = found.longest_s > _LONGEST_S
    values: dict[str, float | str] = {
        "n": found.count, "median_s": found.median_s, "longest_s": found.longest_s,
    }  # fmt: skip
    yield Finding(Level.BAD if late else Level.NOTE, "erasures_late" if late else "erasures", values)


def _versions(found: Counted) -> Iterator[Finding]:
    if new := changed(found.versions, found.month):
        yield Finding(Level.NOTE, "versions", {"n": new})
    if found.versions.left_out:
        yield Finding(Level.NOTE, "versions_left_out", {"n": found.versions.left_out})


def _log(found: Counted) -> Iterator[Finding]:
    log = found.log
    if log.look is Look.BROKEN:
        yield Finding(Level.BAD, "log_broken", {"fault": log.fault, "at": log.at or 0, "trouble": log.trouble})
    elif log.look is Look.UNVERIFIED:
        yield Finding(Level.BAD, "log_unverified", {"trouble": log.trouble})
    elif log.look is Look.UNSIGNED:
        yield Finding(Level.WARN, "log_headless", {})
    elif log.look is Look.WHOLE:
        yield Finding(Level.GOOD, "log_whole", {"n": log.last if log.vouched is None else log.vouched})
    elif log.last:
        yield Finding(Level.NOTE, "log_not_looked", {})
    unsigned = 0 if log.vouched is None else log.last - log.vouched
    if unsigned and found.over and log.look is not Look.UNSIGNED:
        yield Finding(Level.WARN, "log_unsigned", {"n": unsigned})


def _rose(moved: Difference) -> bool:
    return moved.low > 0 and moved.difference >= _LEAST_CHANGE


def _fell(moved: Difference) -> bool:
    return moved.high < 0 and moved.difference <= -_LEAST_CHANGE
