"""Slots that do not exist, or that belong to another behaviour or another number."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from explainer.tuning.evaluation.perturbations.base import Case, Good, ended, said
from explainer.writing.slots import slot_values

_SLOT = re.compile(r"\{([a-z]+\d?(?:\.[a-z]+)?)\}")
_STRANGE = (
    "b4", "b9", "b0", "b1.title", "user", "item.title", "price", "b1.price", "co3.n", "pop.n", "pop.m", "b1.creator",
    "b2.creator",
    "b1.series", "b1.when", "b1.more", "b2.value", "b1.value", "rank", "n", "b1.share", "cf.rank", "model", "writer",
    "item1", "name", "rest.share", "co1.n", "co2.m", "b3", "B1", "b1.n", "items", "method", "b2.when", "b12", "b1.text",
)  # fmt: skip


def unknown(good: Good, rng: random.Random) -> Iterator[Case]:
    """Write a slot that the evidence does not have: instead of one that it has, and besides."""
    known = slot_values(good.evidence, good.style)
    strange = [slot for slot in _STRANGE if slot not in known]
    place = rng.choice(list(_SLOT.finditer(good.text)))
    slot, other = rng.choice(strange), rng.choice(strange)
    text = good.text[: place.start()] + f"{{{slot}}}" + good.text[place.end() :]
    yield from said(good, text, f"{slot} for {place[1]}")
    yield from said(good, ended(good.text, f", and {{{other}}}"), f"{other} besides")


def counts(good: Good, _: random.Random) -> Iterator[Case]:
    """Exchange the numbers of a count, keep one of them only, or take another behaviour's."""
    text = good.text
    for stem in dict.fromkeys(re.findall(r"\{((?:co\d|pop))\.n\}", text)):
        n, m = f"{{{stem}.n}}", f"{{{stem}.m}}"
        yield from said(good, text.replace(n, "\0").replace(m, n).replace("\0", m), f"{stem}: n and m exchanged")
        yield from said(good, text.replace(f"{n} of {m}", n), f"{stem}: n alone")
        yield from said(good, text.replace(n, m), f"{stem}: m twice")
    both = list(dict.fromkeys(re.findall(r"\{(co\d)\.n\}", text)))
    if len(both) > 1:
        first, second = both[:2]
        swapped = text.replace(f"{{{first}.n}}", "\0").replace(f"{{{second}.n}}", f"{{{first}.n}}")
        yield from said(good, swapped.replace("\0", f"{{{second}.n}}"), "n of another count")


_PAIRS = (
    ("rank", "cf.rank"),
    ("rank", "n"),
    ("b1.share", "rest.share"),
    ("model", "method"),
    ("method", "writer"),
    ("b2.share", "rest.share"),
)


def standing(good: Good, _: random.Random) -> Iterator[Case]:
    """Exchange two of the slots that only staff see."""
    for pair in _PAIRS:
        first, second = (f"{{{slot}}}" for slot in pair)
        if first in good.text and second in good.text:
            text = good.text.replace(first, "\0").replace(second, first).replace("\0", second)
            yield from said(good, text, f"{first} and {second} exchanged")


def figures(good: Good, rng: random.Random) -> Iterator[Case]:
    """Take the rating or share of another behaviour: one for both, or each the other's."""
    for what in ("value", "share"):
        slots = list(dict.fromkeys(re.findall(rf"\{{(b\d)\.{what}\}}", good.text)))
        owners = [
            b.slot for b in good.evidence.behaviours if f"{b.slot}.{what}" in slot_values(good.evidence, good.style)
        ]
        for slot in slots:
            others = [other for other in owners if other != slot]
            if others:
                other = rng.choice(others)
                text = good.text.replace(f"{{{slot}.{what}}}", f"{{{other}.{what}}}")
                yield from said(good, text, f"{other}.{what} for {slot}.{what}")
        if len(slots) > 1:
            first, second = (f"{{{slot}.{what}}}" for slot in rng.sample(slots, 2))
            text = good.text.replace(first, "\0").replace(second, first).replace("\0", second)
            yield from said(good, text, f"{what}s exchanged")
