"""A draft as tokens: slots, words, aspects and punctuation, cut into sentences and segments.

A *segment* is the smallest stretch whose claim is about the slots inside it. Commas, colons and "and" end one, except
where they join two slots ("{b1} and {b2}") or two aspects ("noir and sci-fi"), which then share the claim.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from explainer.writing.aspects import surface_forms, wants_noun
from explainer.writing.gate.words import RESERVED, nouns_of
from explainer.writing.slots import SLOT


class TokenKind(StrEnum):
    """What a token is."""

    SLOT = "slot"
    WORD = "word"
    ASPECT = "aspect"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``text`` is a slot's name, a lower-case word, an aspect, or a punctuation mark."""

    kind: TokenKind
    text: str


_WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
WITHHELD = re.compile(
    r"an interest (?:you have|they have|the customer has|the reader has) chosen not to show", re.IGNORECASE
)
"""What is said of private things, word for word: one token, since nothing else may be denied."""
_PIECE = re.compile(
    rf"(?P<slot>{SLOT.pattern})|\b(?P<phrase>{WITHHELD.pattern})\b|(?P<word>{_WORD})|(?P<mark>[.,;:!?])",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(an?) $", re.IGNORECASE)
_COUNTED = re.compile(r"\b(?:an?|another|one) $", re.IGNORECASE)
_NEXT_WORD = re.compile(r"[ -]([A-Za-z]+)")
NOUNS_AFTER = frozenset().union(*map(nouns_of, ("video", "shop", "content", "social", "news"))) | {
    "series", "title", "tag", "shelf", "section", "side", "streak", "line", "theme", "touch", "bit", "one", "and",
}  # fmt: skip
_ARTICLES = frozenset({"a", "an", "the"})
_JOINTS = frozenset({",", "and", "or"})
_CUTS = frozenset({",", ";", ":", "and", "but", "or", "while", "yet", "though", "although", "plus"})
_OF_SEVERAL = frozenset({"are", "have", "share", "both", "belong", "were", "mention"})
_ENDS = frozenset({".", "!", "?"})


def tokenize(draft: str, aspects: Sequence[str]) -> list[Token]:
    """Return the draft's tokens; any surface form of ``aspects`` becomes one aspect token."""
    # An aspect may be several words, so it is looked for before words; longest first, so "drama" can't cut "dramas".
    spans = _aspect_spans(draft, aspects)
    tokens: list[Token] = []
    position = 0
    for start, end, aspect in [*spans, (len(draft), len(draft), "")]:
        tokens.extend(_plain(draft[position:start]))
        if aspect:
            tokens.append(Token(TokenKind.ASPECT, aspect))
        position = end
    return tokens


def without_aspects(draft: str, aspects: Sequence[str]) -> str:
    """Return the draft with a plain word where an aspect stood, for rules about digits and capitals."""
    for start, end, _ in reversed(_aspect_spans(draft, aspects)):
        draft = f"{draft[:start]}x{draft[end:]}"
    return draft


def as_written(draft: str, aspects: Sequence[str], noun: str = "", *, every: bool = False) -> str:
    """Return the draft with aspects spelled as the system spells them, however the draft has it.

    Names keep their capitals ("Xbox 360"), the article before an aspect fits its first letter ("an adventure"), and
    what cannot stand alone after one gets a noun ("an action film"): how a fact is spelled is no more the model's
    business than what it is.

    Args:
        draft: Text with slots.
        aspects: The aspects in it.
        noun: What an item is called where that is certain to fit every aspect; empty adds none.
        every: Whether no aspect can stand alone after an article: each is what an item is about, none what it is.
    """
    spans = _aspect_spans(draft, aspects)
    begins = {start for start, _, _ in spans}
    for start, end, aspect in reversed(spans):
        if noun and (every or wants_noun(draft[start:end])) and _stands_alone(draft, start, end, begins):
            draft = f"{draft[:end]} {noun}{draft[end:]}"
        is_name = aspect != aspect.lower()
        if is_name and draft[start:end].lower() == aspect.lower():
            draft = draft[:start] + aspect + draft[end:]
        article = _ARTICLE.search(draft, 0, start)
        if article is not None and not is_name:
            fitting = "an" if draft[start].lower() in "aeiou" else "a"
            draft = f"{draft[: article.start(1)]}{article[1][0]}{fitting[1:]}{draft[article.end(1) :]}"
    return draft


def _stands_alone(draft: str, start: int, end: int, begins: Collection[int]) -> bool:
    """Return whether an article stands before an aspect, and neither another aspect nor a noun after it."""
    if _COUNTED.search(draft, 0, start) is None or end + 1 in begins:
        return False
    following = _NEXT_WORD.match(draft, end)
    return following is None or following[1].lower() not in NOUNS_AFTER


def _aspect_spans(draft: str, aspects: Sequence[str]) -> list[tuple[int, int, str]]:
    forms, pattern = aspect_pattern(tuple(aspects))
    if not forms:
        return []
    found = ((m.start(), m.end(), m[0].lower()) for m in pattern.finditer(draft.replace("\u2019", "'")))
    # Case folding takes a Kelvin sign for a "k" and a long s for an "s"; a reader must not.
    return [(start, end, forms[form]) for start, end, form in found if form in forms and _is_plain(draft, start, form)]


def _is_plain(draft: str, start: int, form: str) -> bool:
    """Return whether the draft has the form's own letters at this place, in either case."""
    return all(c.isascii() or c in f"{form}{form.upper()}\u2019" for c in draft[start : start + len(form)])


@lru_cache(maxsize=1024)
def aspect_pattern(aspects: tuple[str, ...]) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """Return lower-case form → aspect, and what finds them, never inside a word, a hyphenated word or a slot."""
    usable = [aspect for aspect in aspects if aspect.lower() not in RESERVED]
    forms = {form: aspect for aspect in usable for form in surface_forms(aspect)}
    alternatives = "|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w'\u2019{{.-])(?:{alternatives})(?![\w'\u2019}}]|-\w)", re.IGNORECASE)
    return forms, pattern


def _plain(text: str) -> Iterator[Token]:
    for match in _PIECE.finditer(text):
        if match["slot"]:
            yield Token(TokenKind.SLOT, match["slot"].strip("{}"))
        elif word := match["phrase"] or match["word"]:
            yield Token(TokenKind.WORD, word.lower().replace("\u2019", "'"))
        else:
            yield Token(TokenKind.PUNCTUATION, match["mark"])


def sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the tokens cut after full stops, exclamation and question marks."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is TokenKind.PUNCTUATION and token.text in _ENDS:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def segments(sentence: Sequence[Token]) -> list[list[Token]]:
    """Return the sentence cut into segments (see the module's first lines)."""
    found: list[list[Token]] = [[]]
    for index, token in enumerate(sentence):
        is_cut = token.text in _CUTS and token.kind in {TokenKind.WORD, TokenKind.PUNCTUATION}
        if is_cut and not (token.text in _JOINTS and (_joins(sentence, index) or _compares(sentence, index))):
            found.append([])
        else:
            found[-1].append(token)
    return [segment for segment in found if segment]


def _compares(sentence: Sequence[Token], index: int) -> bool:
    """Return whether what follows is said of the item and a behaviour alike.

    "Like {b1}, {item} is noir" and "{b1} and {item} are noir" say of {b1} what they say of {item}.
    """
    left, right = sentence[:index], sentence[index + 1 :]
    if sentence[index].text == ",":
        behaviours = [t for t in left[1:] if t.kind is TokenKind.SLOT]
        only = all(t.kind is TokenKind.SLOT or t.text in {"and", ","} for t in left[1:])
        return left[:1] != [] and left[0].text == "like" and bool(behaviours) and only and _is_slot(right, "item")
    both = {_slot_kind(t) for t in (*left[-1:], *right[:1]) if t.kind is TokenKind.SLOT}
    return sentence[index].text == "and" and both == {"b", "item"} and _shared(right[1:2])


def _shared(following: Sequence[Token]) -> bool:
    return bool(following) and following[0].kind is TokenKind.WORD and following[0].text in _OF_SEVERAL


def _is_slot(tokens: Sequence[Token], name: str) -> bool:
    return bool(tokens) and tokens[0].kind is TokenKind.SLOT and tokens[0].text == name


def _joins(sentence: Sequence[Token], index: int) -> bool:
    left = sentence[index - 1] if index else None
    right = next((t for t in sentence[index + 1 :] if t.text not in _ARTICLES | _JOINTS), None)
    if left is None or right is None or left.kind is not right.kind:
        return left is not None and right is not None and left.text == "," and sentence[index].text == "and"
    if left.kind is TokenKind.SLOT:
        return _slot_kind(left) == _slot_kind(right) != "item"
    return left.kind is TokenKind.ASPECT


def _slot_kind(token: Token) -> str:
    """Return ``b`` for a behaviour, ``b.value`` for its rating, and so on."""
    return re.sub(r"\d", "", token.text)


def repeats(tokens: Sequence[Token]) -> bool:
    """Return whether a word stands twice in a row, directly or around "and": "comedy and comedy"."""
    words = [t for t in tokens if t.text not in _ARTICLES | {"and"}]
    # "A heist film film": an aspect may end in the word that follows it.
    spoken = [(a, b) for a, b in pairwise(tokens) if TokenKind.SLOT not in {a.kind, b.kind}]
    doubled = any(a.text.split()[-1:] == b.text.split()[:1] for a, b in spoken)
    return doubled or any(a == b and a.kind is not TokenKind.SLOT for a, b in pairwise(words))
