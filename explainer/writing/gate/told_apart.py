"""One rating told of several behaviours is read as the ratings of each, where they are equal; else as that one of all.

What says so is exactly what :mod:`explainer.writing.phrasing` and Chinese templates make. A rating of
something else is refused by the rules that attach each one to its behaviour.
"""

from __future__ import annotations

import re

from explainer.evidence import Evidence

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
    """Return the draft with a rating beside each behaviour in place of one for several."""
    ratings = {b.slot: b.value for b in evidence.behaviours}

    def are_equal(slots: list[str]) -> bool:
        return len({ratings.get(slot) for slot in slots}) == 1 and ratings.get(slots[0]) is not None

    for pattern, apart in _SHARED:
        for found in pattern.finditer(draft):
            each = apart.format(*found.groups())
            if not are_equal([group for group in found.groups() if group in ratings]):
                each = _VALUE.sub(f"{{{found[1]}.value}}", each)  # what it says, and no rule will let it pass
            draft = draft.replace(found[0], each)
    if (found := _OF_BOTH.search(draft)) is not None:
        named = list(dict.fromkeys(_NAMED.findall(draft[: found.start()])))
        if len(named) == _PAIR and found[2] in named and are_equal(named):
            each = " and ".join(f"{{{slot}}} {{{slot}.value}}" for slot in named)
            draft = draft.replace(found[0], f"{found[1]} {each}")
    return draft
