"""Genres as English uses them: "a crime film" and "a thriller", "romantic comedy", "its thriller side".

A genre is one word to a small model, which puts it anywhere: "another war sci-fi", "the thriller of {b1}", "drama
films". Only of films is it known which of their aspects are kinds of things; other domains keep what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from explainer.writing.aspects import as_quality, is_kind, is_only_kind, is_quality, plural, wants_noun
from explainer.writing.gate.tokens import NOUNS_AFTER, aspect_pattern

_Written = Callable[[re.Match[str], str], str]
_Rule = tuple[str, _Written]
# GENRE stands for any of the aspects, NOUN for what an item is called.
_ALONE = rf"(?! GENRE)(?![ -](?:{'|'.join(sorted(NOUNS_AFTER - {'and'}))})s?\b)"
_AND = " and "
_WHAT = rf"(?P<genres>(?:GENRE and )?(?P<last>GENRE)){_ALONE}(?= like | too\b| as well\b)"


def with_nouns(draft: str, aspects: Sequence[str], noun: str) -> str:
    """Return the draft with a noun, an article or a plural where a genre wants one.

    Args:
        draft: Text with slots.
        aspects: The genres that may be in it.
        noun: What an item is called, "film".
    """
    if aspects:
        for pattern, (_, written) in zip(_patterns(tuple(aspects), noun), _RULES, strict=True):
            draft = pattern.sub(partial(_applied, written, noun), draft)
    return draft


def _applied(written: _Written, noun: str, match: re.Match[str]) -> str:
    return written(match, noun)


@lru_cache(maxsize=1024)
def _patterns(aspects: tuple[str, ...], noun: str) -> tuple[re.Pattern[str], ...]:
    genre = f"(?:{aspect_pattern(aspects)[1].pattern})"
    return tuple(re.compile(rule.replace("GENRE", genre).replace("NOUN", noun), re.IGNORECASE) for rule, _ in _RULES)


def _qualified(match: re.Match[str], _: str) -> str:
    return as_quality(match[0])


def _bare(match: re.Match[str], _: str) -> str:
    """Return "dramas" for "drama films"."""
    form, several = match[1], match[2]
    return (plural(form) if several else form) if is_kind(form) else match[0]


def _counted(match: re.Match[str], noun: str) -> str:
    """Return "another war sci-fi film" for "another war sci-fi"."""
    first, joint, last = match.groups()
    wants = wants_noun(last) or (joint == _AND and wants_noun(first))
    return f"{match[0]} {noun}" if wants else match[0]


def _several(match: re.Match[str], noun: str) -> str:
    """Return "are crime thrillers" for "are crime thriller", "are horror films" for "are horror"."""
    before, joint, last = match["before"], match["joint"], match["last"]
    if is_quality(last) or (is_kind(last) and joint == _AND):
        return match[0]
    if is_kind(last):
        return before + plural(last)
    return f"{match[0]} {noun}s" if wants_noun(last) else match[0]


def _single(match: re.Match[str], noun: str) -> str:
    """Return "is an action film" for "is action"; what two have "in common" stays what it is."""
    before, genres, last = match["before"], match["genres"], match["last"]
    if is_quality(last) or "in common" in match.string[: match.start()] or not (is_kind(last) or wants_noun(last)):
        return match[0]
    article = "an" if genres[0].lower() in "aeiou" else "a"
    thing = genres if is_kind(last) and _AND not in genres else f"{genres} {noun}"
    return f"{before}{article} {thing}"


def _sided(match: re.Match[str], _: str) -> str:
    """Return "its thriller side" for "its thriller"."""
    return f"{match[0]} side" if is_only_kind(match[1]) else match[0]


def _shared(match: re.Match[str], _: str) -> str:
    owned = {"shares": "its", "has": "a"}[match[1]]
    return f"{match[1]} {owned} {match[2]} side" if is_only_kind(match[2]) else match[0]


_RULES: tuple[_Rule, ...] = (
    (r"GENRE(?= GENRE)", _qualified),
    (r"(?<! and )(GENRE) NOUN(s?)\b", _bare),
    (rf"\b(?:an?|another|one) (GENRE)( and | )(GENRE){_ALONE}", _counted),
    (rf"(?P<before>\b(?:are(?: both| all)?|both are) (?:GENRE(?P<joint> and | ))?)(?P<last>GENRE){_ALONE}", _several),
    (rf"(?P<before>(?:\{{(?:item|b\d)\}}|\b(?:it|which|that)) is ){_WHAT}", _single),
    (rf"(?P<before>\bis an? [^.,;]* like \{{b\d\}} and ){_WHAT}", _single),
    (r"\bits (GENRE)(?= with | and its )", _sided),
    (r"\bthe (GENRE)(?= of \{)", _sided),
    (r"\b(shares|has) (GENRE)(?= with | in common )", _shared),
)
