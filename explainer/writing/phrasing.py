"""How a true draft is put better, by rule: equal ratings once, lists with one "and", no list twice.

A small model writes "You gave {b1} {b1.value} and {b2} {b2.value}, and {item} is a drama like {b1} and {b2}", which is
true and not how anybody speaks. Nothing here adds a fact or drops one, and the gate judges what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from explainer.evidence import Evidence
from explainer.writing.ratings import are_rated_alike

_B, _DID = r"\{b\d\}", r"(?P<did>gave|rated)"
_TWO = rf"(?P<first>{_B}) and (?P<second>{_B})"
_X, _Y = r"\{(?P<x>b\d)\.value\}", r"\{(?P<y>b\d)\.value\}"
_GAP = r"(?:, and |, | and )"
# A time or "and two more of the series" behind a rating belongs to that one alone.
_IN_A_ROW = re.compile(
    rf"\{{(?P<x>b\d)\}} \{{(?P=x)\.value\}}{_GAP}\{{(?P<y>b\d)\}} \{{(?P=y)\.value\}}"
    rf"(?:{_GAP}\{{(?P<z>b\d)\}} \{{(?P=z)\.value\}})?(?! \{{b\d\.when\}}| and \{{b\d\.more\}})"
)
_OF_BOTH = re.compile(rf"{_TWO}, which you {_DID} {_X} and {_Y}")
_OF_EACH = re.compile(
    rf"(?P<first>{_B}), which you {_DID} {_X}, and (?P<second>{_B}), which you (?:gave|rated) {_Y}"
    r"(?P<end>,?)(?P<are> are both)?"
)
_FOR_EACH = re.compile(rf"{_X} for (?P<first>{_B}) and (?:your )?{_Y} for (?P<second>{_B})")
_RATED = rf"{_B}(?: \{{b\d\.value\}})?"
_AND_AND = re.compile(rf"({_RATED}) and ({_RATED}) and (?={_B}(?! (?:is|has|shares|was)\b))")
_NO_AND = re.compile(rf"(?<!\}}, )({_B}), ({_B})(?=, (?:which|both|all)\b)")
_HOW = r"(?P<how>\blike |\bclose to |\bsame series as |\b(?:gave|rated) both )"
_NAMED_AGAIN = re.compile(rf"{_HOW}(?P<list>{_B}(?:(?:, | and ){_B})+)(?!, (?:which|both))")
_BEHAVIOUR = re.compile(r"\{(b\d)\}")
_IS_WHY = re.compile(r"(\{b\d\.value\} for \{b\d\}) is why \{item\} is here")
_PAIR, _TRIPLE = 2, 3


def put_better(draft: str, evidence: Evidence) -> str:
    """Return the draft as a person would put it.

    Args:
        draft: English text with slots.
        evidence: The facts, of which the ratings matter here.
    """
    draft = _NO_AND.sub(r"\1 and \2", _AND_AND.sub(r"\1, \2 and ", draft))
    draft = _told_once(draft, evidence)
    # "Your 4 stars is" and "your 8/10 are" are both wrong; in the past tense there is no such choice.
    draft = _IS_WHY.sub(r"\1 brought {item} here", draft)
    return _NAMED_AGAIN.sub(_pointed_at, draft)


def _told_once(draft: str, evidence: Evidence) -> str:
    """Return the draft with one rating for two or three behaviours that were rated alike.

    A title with an "and" in it is no part of a list: nobody could tell where it ends.
    """
    listed = {b.slot for b in evidence.behaviours if " and " not in f" {b.title.lower()} "}

    def told(match: re.Match[str]) -> str:
        found = match.groupdict()
        rated = [slot for name in ("x", "y", "z") if (slot := found.get(name))]
        named = [found[name].strip("{}") for name in ("first", "second") if name in found] or rated
        alike = listed.issuperset(rated) and are_rated_alike(rated, evidence)
        return _ONCE[match.re](found) if alike and named == rated else match[0]

    for pattern in _ONCE:
        draft = pattern.sub(told, draft)
    return draft


def _row(found: Mapping[str, str]) -> str:
    if found["z"] is None:
        return "both {{{x}}} and {{{y}}} {{{x}.value}}".format(**found)
    return "{{{x}}}, {{{y}}} and {{{z}}} {{{x}.value}} each".format(**found)


_ONCE: Mapping[re.Pattern[str], Callable[[Mapping[str, str]], str]] = {
    _IN_A_ROW: _row,
    _OF_BOTH: "{first} and {second}, both of which you {did} {{{x}.value}}".format_map,
    _OF_EACH: lambda found: (
        "{first} and {second}, both of which you {did} {{{x}.value}}{end}".format_map(found)
        + (" are" if found["are"] else "")
    ),
    _FOR_EACH: "{{{x}.value}} for {first} and for {second}".format_map,
}


def _pointed_at(match: re.Match[str]) -> str:
    """Return "like both" for a list of what was named just before, "like the first two" where a third one was."""
    listed = _BEHAVIOUR.findall(match["list"])
    start, end = match.string.rfind(". ", 0, match.start()) + 1, match.string.find(".", match.end())
    if "{" not in match.string[start : match.start()] + match.string[match.end() : end]:
        return match[0]  # the sentence would name nothing any more
    before = list(dict.fromkeys(_BEHAVIOUR.findall(match.string[: match.start()])))
    how = match["how"].removesuffix("both ")
    if sorted(listed) == sorted(before):
        return how + ("both" if len(listed) == _PAIR else "all three")
    if len(before) == _TRIPLE and listed == before[:_PAIR] and how == "like ":
        return "like the first two"
    return match[0]
