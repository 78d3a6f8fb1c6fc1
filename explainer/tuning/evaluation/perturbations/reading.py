"""What a draft says of which behaviour, read off its surface: the few phrases that can mean nothing else.

Far from every claim is found, but what is found is sure: "the noir of {b1}", "{b1} is a western", "like {b2}, a drama".
The gate reads texts in another way (segments); the two are kept apart, so that one can test the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.writing.aspects import surface_forms

_SLOT = r"\{b\d\}"
_ARTICLE = r"(?:an?|the|its|more|another|as|same|also|too|both|just|such) "


@dataclass(frozen=True, slots=True)
class Owned:
    """A phrase that says an aspect of a behaviour.

    Attributes:
        aspect: The aspect.
        slots: The behaviours.
        start: Where the aspect's own words begin.
        end: Where they end.
    """

    aspect: str
    slots: tuple[str, ...]
    start: int
    end: int


def owned(text: str, aspects: Sequence[str]) -> list[Owned]:
    """Return the phrases that say an aspect of a behaviour, longest aspects first."""
    found: dict[tuple[int, int], Owned] = {}
    for aspect in sorted(aspects, key=len, reverse=True):
        forms = "|".join(re.escape(form) for form in sorted(surface_forms(aspect), key=len, reverse=True))
        for pattern in _patterns(rf"(?<![\w-])(?P<aspect>{forms})(?![\w-])"):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                start, end = match.span("aspect")
                if not any(start < other_end and other_start < end for other_start, other_end in found):
                    slots = tuple(re.findall(r"\{(b\d)\}", match["slots"]))
                    found[start, end] = Owned(aspect, slots, start, end)
    return list(found.values())


def _patterns(aspect: str) -> Iterator[str]:
    one = rf"(?P<slots>{_SLOT})"
    several = rf"(?P<slots>{_SLOT}(?:(?:, | and |, and ){_SLOT})*)(?! and \{{item\}})"
    yield rf"{aspect} (?:of|in|from) {several}"  # the noir of {b1}
    yield rf"{aspect} (?:that|which) {one} (?:has|had|brings|holds|keeps)"
    yield rf"(?:^|[^}}] |[.;,:] ){one} (?:is|was|has|had|holds|keeps) (?:{_ARTICLE})*{aspect}"  # {b1} is a western
    yield rf"shares? (?:{_ARTICLE})*{aspect} with {several}"
    yield rf"{aspect} (?:is |are |was )?(?:shared|in common) (?:with|by) {several}"
    yield rf"has {aspect} in common with {several}"
    yield rf"(?:a|an|another) {aspect}(?: film| story| post| product| article)? (?:like|as) {several}"
    yield rf"(?:the|your) {aspect}(?: film| story| post| product| article)? {one}"  # the western {b1}
    # {b1}, {b2} and {b3}, all of them dramas
    all_are = r",? (?:are|were|have|share|both|all)(?: both| all| of them| three| the)*"
    yield rf"(?P<slots>{_SLOT}(?:(?:, | and |, and ){_SLOT})+){all_are} (?:{_ARTICLE})*{aspect}"
    yield rf"(?P<slots>{_SLOT}), (?:{_ARTICLE})+{aspect}(?:,|;| you)"  # {b1}, a western you liked
