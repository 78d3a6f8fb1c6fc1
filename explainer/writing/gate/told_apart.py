"""One rating told of several behaviours is read as the ratings of each, where they are equal; else as that one of all.

What says so is exactly what :mod:`explainer.writing.phrasing` and Chinese templates make. A rating of
something else is refused by the rules that attach each one to its behaviour.
"""

from __future__ import annotations

import re
from functools import partial

from explainer.evidence import Evidence
from explainer.writing.ratings import are_rated_alike

_B = r"\{(b\d)\}"
_SHARED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\bboth {_B} and {_B} \{{\1\.value\}}"), "{{{0}}} {{{0}.value}} and {{{1}}} {{{1}.value}}"),
    (
        re.compile(rf"{_B}, {_B} and {_B} \{{\1\.value\}} each\b"),
        "{{{0}}} {{{0}.value}}, {{{1}}} {{{1}.value}} and {{{2}}} {{{2}.value}}",
    ),
    (
        re.compile(rf"{_B} and {_B}, both of which you (gave|rated) \{{\1\.value\}}"),
        "{{{0}}} and {{{1}}}, which you {2} {{{0}.value}} and {{{1}.value}}",
    ),
    (
        re.compile(rf"\{{(b\d)\.value\}} for \{{\1\}} and for {_B}"),
        "{{{0}.value}} for {{{0}}} and {{{1}.value}} for {{{1}}}",
    ),
    (
        re.compile(rf"给{_B}和{_B}都打了\{{\1\.value\}}"),
        "给{{{0}}}打了{{{0}.value}}，给{{{1}}}打了{{{1}.value}}",
    ),
    (
        re.compile(rf"给{_B}、{_B}和{_B}都打了\{{\1\.value\}}"),
        "给{{{0}}}打了{{{0}.value}}，给{{{1}}}打了{{{1}.value}}，给{{{2}}}打了{{{2}.value}}",
    ),
)
_OF_BOTH = re.compile(r"\b(gave|rated) both \{(b\d)\.value\}")
_VALUE = re.compile(r"\{b\d\.value\}")
_NAMED = re.compile(_B)
_PAIR = 2


def told_apart(draft: str, evidence: Evidence) -> str:
    """Return the draft with a rating beside each behaviour in place of one for several.

    Where they were rated differently, the one rating stands there for each: no rule lets that pass.
    """
    for pattern, apart in _SHARED:
        draft = pattern.sub(partial(_each, apart, evidence), draft)
    return _OF_BOTH.sub(partial(_both, evidence), draft)


def _each(apart: str, evidence: Evidence, found: re.Match[str]) -> str:
    each = apart.format(*found.groups())
    slots = [slot for slot in found.groups() if slot[0] == "b"]
    return each if are_rated_alike(slots, evidence) else _VALUE.sub(f"{{{found[1]}.value}}", each)


def _both(evidence: Evidence, found: re.Match[str]) -> str:
    """Return what "both" is said of: the two that were named before, if there are two."""
    did, owner = found.groups()
    named = list(dict.fromkeys(_NAMED.findall(found.string[: found.start()])))
    if len(named) == _PAIR and owner in named and are_rated_alike(named, evidence):
        return f"{did} " + " and ".join(f"{{{slot}}} {{{slot}.value}}" for slot in named)
    return f"{did} {{{owner}.value}} and {{{owner}.value}}"
