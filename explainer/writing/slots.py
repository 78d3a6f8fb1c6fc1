"""Slots: the names a draft may place and the facts that the system puts into them.

A draft is text with slots such as ``{item}``, ``{b1}``, ``{b1.value}``, ``{co1.n}``. The language model never sees or
writes a title or a number; :func:`fill` does, in one pass, so a title that itself contains ``{b1}`` stays a title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, format_percent

from explainer.evidence import CitedBehaviour, Evidence
from explainer.writing.ago import ago, small_number
from explainer.writing.style import Style
from retriever.data import BehaviourKind

SLOT = re.compile(r"\{([a-z]+[0-9]?(?:\.[a-z]+)?)\}")
_STARS = {"en": {"one": "{n} star", "other": "{n} stars"}, "zh": {"other": "{n} 星"}}
_STAR_SCALE = 5.0
_LONGEST = 80
_CHINESE, _ALNUM = re.compile("[\u4e00-\u9fff]"), re.compile(r"[A-Za-z0-9%]")
# Headlines are sentences of their own and product names are lists; without quotes nobody sees where they end.
_QUOTED = frozenset({"shop", "content", "social", "news"})
_QUOTES = "\u201c{}\u201d"
# Chinese has no capitals: every title is quoted, of works in book title marks (GB/T 15834-2011, 4.15).
_UNTITLED = frozenset({"shop", "social"})
_BOOK_MARKS, _INNER_MARKS = "\u300a{}\u300b", str.maketrans("\u300a\u300b", "\u3008\u3009")
# Unicode UAX #9: FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE keep a right-to-left title from reordering the rest.
_ISOLATE, _POP = "\u2068", "\u2069"
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
# Embeddings, overrides, isolates and marks: invisible, and unbalanced ones reorder what follows.
_DIRECTIONAL = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def display_title(title: str) -> str:
    """Return a title that is safe inside a line of text: no control characters, own writing direction kept inside."""
    printable = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in title)
    clean = " ".join(_DIRECTIONAL.sub("", printable).split())
    turns = any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in clean)
    return f"{_ISOLATE}{clean}{_POP}" if turns else clean


def named(title: str, domain: str, locale: str) -> str:
    """Return a title as a sentence names it: at a length one can read, in quotes unless it is a film's in English."""
    shown = display_title(title if len(title) <= _LONGEST else _cut(title))
    if locale == "zh" and domain not in _UNTITLED:
        return _in_book_marks(shown)
    return _QUOTES.format(shown) if domain in _QUOTED else shown


def _in_book_marks(title: str) -> str:
    """Return 《title》; a title that came with its marks keeps them, and marks inside it become 〈〉."""
    inside = title[1:-1]
    marked = title == _BOOK_MARKS.format(inside) and not {"\u300a", "\u300b"} & set(inside)
    bare = inside if marked else title
    return _BOOK_MARKS.format(bare.translate(_INNER_MARKS))


def _cut(title: str) -> str:
    """Return the title up to the last whole word that fits, marked as cut."""
    start = title[: _LONGEST - 1]
    head, gap, _ = start.rpartition(" ")
    return (head if gap else start).rstrip(" ,;:.-\u2013") + "\u2026"


@lru_cache(maxsize=512)
def rating_text(value: float, high: float, locale: str) -> str:
    """Return a rating in words: "5 stars" on a five-star scale, "8/10" on any other."""
    number = format_decimal(value, locale=locale)
    if high != _STAR_SCALE:
        return f"{number}/{format_decimal(high, locale=locale)}"
    forms = _STARS.get(locale, _STARS["en"])
    plural = str(Locale.parse(locale).plural_form(value))
    return forms.get(plural, forms["other"]).format(n=number)


def slot_values(evidence: Evidence, style: Style | None = None, writer: str = "") -> dict[str, str]:
    """Return every slot a draft may use with the text that goes into it.

    Args:
        evidence: The facts.
        style: Reader and language; a customer in English by default. Ranks and shares are for the others.
        writer: What wrote the text, for ``{writer}``.
    """
    style = style or Style()
    locale = style.locale
    values = {"item": named(evidence.title, evidence.domain, locale)}
    for behaviour in evidence.behaviours:
        slot = behaviour.slot
        values[slot] = named(behaviour.title, evidence.domain, locale)
        if behaviour.kind is BehaviourKind.RATING and behaviour.value is not None:
            values[f"{slot}.value"] = rating_text(behaviour.value, evidence.value_high, locale)
        if (together := behaviour.co_occurrence) is not None:
            co = slot.replace("b", "co")
            values[f"{co}.n"] = format_decimal(together.n, locale=locale)
            values[f"{co}.m"] = format_decimal(together.m, locale=locale)
        values |= _kin_values(behaviour, locale)
        if (when := ago(behaviour.time, evidence.now, locale)) is not None:
            values[f"{slot}.when"] = when
    if evidence.popularity is not None:
        values["pop.n"] = format_decimal(evidence.popularity.n, locale=locale)
        values["pop.m"] = format_decimal(evidence.popularity.m, locale=locale)
    return values if style.is_customer else values | _standing_values(evidence, locale, writer)


def _standing_values(evidence: Evidence, locale: str, writer: str) -> dict[str, str]:
    """Return the slots that only support agents and auditors see."""
    standing = evidence.standing
    if standing is None:
        return {}
    values = {
        "rank": format_decimal(standing.rank, locale=locale),
        "n": format_decimal(standing.of, locale=locale),
        "model": standing.model,
        "method": standing.method,
        "writer": writer or "\u2013",
    }
    values |= {
        f"{b.slot}.share": format_percent(b.share, format="#,##0.#%", locale=locale) for b in evidence.behaviours
    }
    if evidence.causes:
        values["rest.share"] = format_percent(standing.rest, format="#,##0.#%", locale=locale)
    if standing.without is not None:
        values["cf.rank"] = format_decimal(standing.without, locale=locale)
    return values


def _kin_values(behaviour: CitedBehaviour, locale: str) -> dict[str, str]:
    values = {}
    if behaviour.series:
        values[f"{behaviour.slot}.series"] = _series_text(behaviour.series, locale)
    if behaviour.creator:
        values[f"{behaviour.slot}.creator"] = display_title(behaviour.creator)
    if behaviour.more_of_series:
        values[f"{behaviour.slot}.more"] = small_number(behaviour.more_of_series, locale)
    return values


def _series_text(series: str, locale: str) -> str:
    """Return how a series is named: "The Sims" are "the Sims series", and 《The Sims》系列."""
    if locale == "zh":
        return _in_book_marks(display_title(series))
    return display_title(series.removeprefix("The "))


def is_outdated(draft: str, slots: Mapping[str, str], times: Mapping[str, int | None], now: int, locale: str) -> bool:
    """Return whether a text says of a time what is no longer so: "two days ago", a week later.

    Args:
        draft: The text with its slots.
        slots: What was put into them.
        times: When each cited behaviour happened, by its slot, Unix time in seconds.
        now: The present, likewise.
        locale: Language of the text.
    """
    told = [slot for slot in SLOT.findall(draft) if slot.endswith(".when")]
    return any(ago(times.get(slot.removesuffix(".when")), now, locale) != slots.get(slot) for slot in told)


def fill(draft: str, values: Mapping[str, str]) -> str:
    """Return the draft with its slots filled.

    Raises:
        KeyError: If the draft has a slot that ``values`` lacks; the gate rejects such a draft before this.
    """
    filled: list[str] = []
    end = 0
    for match in SLOT.finditer(draft):
        value = spaced(match, values[match[1]])
        filled += [draft[end : match.start()], value]
        # "When Harry Met Sally..." ends a sentence as it is, and "O Brother, Where Art Thou?" asks only once.
        end = match.end() + _is_ended(value, draft[match.end() :])
    return "".join([*filled, draft[end:]])


def fill_plainly(draft: str, values: Mapping[str, str]) -> str:
    """Return :func:`fill` as it was before titles ended sentences: "Here is When Harry Met Sally....".

    Raises:
        KeyError: If the draft has a slot that ``values`` lacks.
    """
    return SLOT.sub(lambda match: spaced(match, values[match[1]]), draft)


def _is_ended(value: str, rest: str) -> bool:
    """Return whether a value brings the mark that the draft has behind it."""
    return (rest[:1] == "." and value.endswith((".", "!", "?", "\u2026"))) or (rest[:1] == "?" == value[-1:])


def spaced(match: re.Match[str], value: str) -> str:
    """Return a slot's value, parted by a space from Chinese beside it where it is Latin or a number: 打了 5 星."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    left = " " if _CHINESE.match(before) and _ALNUM.match(value[:1]) else ""
    right = " " if _CHINESE.match(after) and _ALNUM.match(value[-1:]) else ""
    return f"{left}{value}{right}"
