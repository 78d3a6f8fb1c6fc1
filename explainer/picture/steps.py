"""Which bars a waterfall has, where each begins and ends, and the same in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.errors import PictureError
from explainer.picture.labels import Numbers, clean
from explainer.picture.words import ENGLISH, PictureWords

_MOST = 8
_GAP = 0.01
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One behaviour's part of a score.

    Attributes:
        label: What people call the behaviour, usually its item's title.
        contribution: Score units; may be negative.
        cited: Whether the explanation's text names it.
    """

    label: str
    contribution: float
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One bar.

    Attributes:
        label: What it stands for, whole.
        start: Where it begins, score units: where the bar before it ended.
        size: How far it goes, to the left if negative.
        cited: Whether the explanation's text names it.
    """

    label: str
    start: float
    size: float
    cited: bool = False

    @property
    def end(self) -> float:
        """Where it ends, score units."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A score as a sum: the base, one step after the other, the score.

    Attributes:
        item: Title of the item whose score it is.
        base: The item's score for a user who did nothing.
        score: Its score.
        steps: The bars, top to bottom.
        words: What it says besides.
    """

    item: str
    base: float
    score: float
    steps: tuple[Step, ...]
    words: PictureWords = ENGLISH

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value met on the way, score units."""
        met = [self.base, self.score, *(step.end for step in self.steps)]
        return min(met), max(met)

    @property
    def numbers(self) -> Numbers:
        """How this picture writes numbers."""
        low, high = self.range
        return Numbers(high - low)

    @property
    def name(self) -> str:
        """What the picture shows, in one line."""
        return self.words.name.format(item=clean(self.item))

    @property
    def description(self) -> str:
        """Everything the picture says, in words: every bar with its whole label and its number."""
        write, words = self.numbers, self.words
        labels = [clean(step.label) for step in self.steps]
        bars = [
            f"{words.cited.format(label=label) if step.cited else label}: {write.signed(step.size)}"
            for step, label in zip(self.steps, labels, strict=True)
        ]
        start, end = f"{words.start}: {write.plain(self.base)}", f"{words.final}: {write.plain(self.score)}"
        return words.stop.join([start, *bars, end]) + words.stop.strip()


def make_waterfall(
    item: str, base: float, score: float, parts: Sequence[Part], words: PictureWords = ENGLISH
) -> Waterfall:
    """Return the waterfall of a score.

    The largest contributions get a bar each, in the order given; the others share one. What is left of the score
    after all of them gets a bar of its own if it is more than a hundredth of what there was to explain.

    Args:
        item: Title of the item.
        base: Its score for a user who did nothing.
        score: Its score.
        parts: Every behaviour's contribution, in the order in which they shall be drawn.
        words: What the picture says besides.

    Raises:
        PictureError: If a number, or a sum of them, is not finite.
    """
    _require_finite(item, [base, score, *(part.contribution for part in parts)])
    explained = _sum(item, [part.contribution for part in parts])
    gap = _sum(item, [score, -base, -explained])
    steps = list(_chained(base, [*_drawn(item, parts, words), *_unexplained(base, score, explained, gap, words)]))
    _require_finite(item, [bound for step in steps for bound in (step.end - base, step.end - score)])
    made = Waterfall(item, base, score, tuple(steps), words)
    _require_finite(item, [made.range[1] - made.range[0]])
    return made


def _drawn(item: str, parts: Sequence[Part], words: PictureWords) -> Iterator[Part]:
    # A bar for "1 other behaviour" takes the room of that behaviour's own.
    most = len(parts) if len(parts) <= _MOST + 1 else _MOST
    largest = set(sorted(range(len(parts)), key=lambda place: -abs(parts[place].contribution))[:most])
    yield from (part for place, part in enumerate(parts) if place in largest)
    others = [part.contribution for place, part in enumerate(parts) if place not in largest]
    if others:
        yield Part(words.others.format(n=len(others)), _sum(item, others))


def _unexplained(base: float, score: float, explained: float, gap: float, words: PictureWords) -> Iterator[Part]:
    rounding = _ROUNDING * max(abs(base), abs(score), abs(explained))
    if abs(gap) > max(_GAP * abs(score - base), rounding):
        yield Part(words.unexplained, gap)


def _chained(base: float, parts: Sequence[Part]) -> Iterator[Step]:
    at = base
    for part in parts:
        step = Step(part.label, at, part.contribution, part.cited)
        yield step
        at = step.end


def _sum(item: str, values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError as error:
        raise _not_finite(item) from error


def _require_finite(item: str, values: Sequence[float]) -> None:
    if not all(map(math.isfinite, values)):
        raise _not_finite(item)


def _not_finite(item: str) -> PictureError:
    return PictureError(
        f"The contributions to {item!r} can't be drawn: a score, a contribution or a sum of them is not a finite "
        "number. The recommender that gave them is broken; fit it again: explainer fit"
    )
