"""A Chinese draft as tokens, sentences and segments.

Words come from jieba's dictionary; without its guesses about unknown names, since what is unknown is refused anyway. A
*segment* is the smallest stretch whose claim is about the slots inside it: 、 and 和 end one unless they join two
things or two aspects, and so do 而, 但 and all marks; 与 does so only between an aspect and the next thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rjieba import Jieba

from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.words import (
    CLAIMS,
    CUTS,
    ENDS,
    JOINTS,
    PHRASES,
    RESERVED,
    WITH,
    dictionary,
    measured,
    plain_form,
    selling,
)
from explainer.writing.slots import SLOT

_MARKS = "，。；：！？、"
_RUN = r"[\u4e00-\u9fff]+"
_GLUED = re.compile(r"[这那该每另又同](?=[一两三]?[部件篇条则位]$)")
_FREQUENT = 1_000_000


@lru_cache(maxsize=1)
def _segmenter() -> Jieba:
    """Return the segmenter, loaded once: its dictionary takes a tenth of a second to read."""
    jieba = Jieba()
    for word in sorted(dictionary()):
        jieba.add_word(word, _FREQUENT, "n")
    return jieba


@lru_cache(maxsize=1024)
def words_of(run: str) -> tuple[str, ...]:
    """Return a stretch of Chinese as words; demonstratives stand apart from measure words."""
    found: list[str] = []
    for word in _segmenter().cut(run, hmm=False):
        rest = word
        while (glued := _GLUED.match(rest)) is not None:
            found.append(glued[0])
            rest = rest[1:]
        found.append(rest)
    return tuple(found)


@lru_cache(maxsize=1024)
def _pieces(aspects: tuple[str, ...]) -> re.Pattern[str]:
    usable = [aspect for aspect in aspects if not _hides_a_claim(aspect)]
    forms = "|".join(_bounded(form) for form in sorted(usable, key=len, reverse=True)) or r"(?!)"
    phrases = "|".join(sorted(PHRASES, key=len, reverse=True))
    return re.compile(
        rf"(?P<slot>{SLOT.pattern})|(?P<aspect>{forms})|(?P<phrase>{phrases})|(?P<run>{_RUN})"
        rf"|(?P<latin>[^\W\d_]+)|(?P<mark>[{_MARKS}])"
    )


def _hides_a_claim(aspect: str) -> bool:
    """Return whether an aspect, read as one, would hide what a sentence claims with it."""
    return aspect in RESERVED or aspect in PHRASES or bool(set(words_of(aspect)) & CLAIMS) or bool(selling(aspect))


def _bounded(form: str) -> str:
    """Return a pattern for an aspect; one in Latin letters is no part of a longer word."""
    before = r"(?<![A-Za-z0-9])" if form[0].isascii() else ""
    after = r"(?![A-Za-z0-9])" if form[-1].isascii() else ""
    return before + re.escape(form) + after


def tokenize(draft: str, aspects: Sequence[str]) -> list[Token]:
    """Return the draft's tokens. ``aspects`` are in the draft's language, written as they are."""
    pattern = _pieces(tuple(aspects))
    tokens: list[Token] = []
    for match in pattern.finditer(draft):
        if match["slot"]:
            tokens.append(Token(TokenKind.SLOT, match["slot"].strip("{}")))
        elif match["aspect"]:
            tokens.append(Token(TokenKind.ASPECT, match["aspect"]))
        elif match["mark"]:
            tokens.append(Token(TokenKind.PUNCTUATION, match["mark"]))
        else:
            tokens.extend(_words(match, pattern))
    return tokens


def _words(match: re.Match[str], pattern: re.Pattern[str]) -> Iterator[Token]:
    if match["phrase"] or match["latin"]:
        yield Token(TokenKind.WORD, match[0].lower())
        return
    # A run is cut where an aspect or a phrase begins inside it: 同属科幻题材.
    run, start = match["run"], 0
    for place in range(1, len(run)):
        inside = pattern.match(run, place)
        if inside is None or inside["run"] or place < start:
            continue
        yield from _segmented(run[start:place])
        kind = TokenKind.ASPECT if inside["aspect"] else TokenKind.WORD
        yield Token(kind, inside[0])
        start = inside.end()
    yield from _segmented(run[start:])


def _segmented(run: str) -> Iterator[Token]:
    for word in words_of(run) if run else ():
        yield Token(TokenKind.WORD, plain_form(word))


def sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the tokens cut after full stops, exclamation and question marks."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is TokenKind.PUNCTUATION and token.text in ENDS:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def segments(sentence: Sequence[Token]) -> list[list[Token]]:
    """Return the sentence cut into segments (see the module's first lines)."""
    found: list[list[Token]] = [[]]
    for index, token in enumerate(sentence):
        if token.kind in {TokenKind.WORD, TokenKind.PUNCTUATION} and _cuts(sentence, index):
            found.append([])
        else:
            found[-1].append(token)
    return [segment for segment in found if segment]


def _cuts(sentence: Sequence[Token], index: int) -> bool:
    word = sentence[index].text
    if word in CUTS:
        return True
    left = sentence[index - 1] if index else None
    right = sentence[index + 1] if index + 1 < len(sentence) else None
    if word in WITH:
        return left is not None and left.kind is TokenKind.ASPECT and right is not None and right.kind is TokenKind.SLOT
    return word in JOINTS and not (left and right and joined(left, right))


def joined(left: Token, right: Token) -> bool:
    """Return whether two tokens around 和 are one list: two things, two ratings, two aspects."""
    if left.kind is not right.kind:
        return False
    if left.kind is TokenKind.SLOT:
        return _sort(left) == _sort(right)
    return left.kind is TokenKind.ASPECT


def _sort(token: Token) -> str:
    """Return ``b`` for the item or a behaviour, ``b.value`` for a rating, and so on."""
    return re.sub(r"\d", "", token.text).replace("item", "b")


def is_measure(token: Token) -> bool:
    """Return whether a token is a measure word, with or without a number."""
    return token.kind is TokenKind.WORD and measured(token.text) is not None
