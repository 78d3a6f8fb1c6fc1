"""The shape of a text: how long, how many sentences, nothing said twice, no sentence without anything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from explainer.evidence import Evidence
from explainer.writing.gate.mentions import entity
from explainer.writing.gate.tokens import Token, TokenKind, repeats, sentences
from explainer.writing.gate.words import DOINGS, LIKED, ORDINALS
from explainer.writing.style import AUDITOR, CUSTOMER, SUPPORT, Style

MIN_WORDS = 4
MAX_WORDS = {CUSTOMER: 60, SUPPORT: 90, AUDITOR: 90}
MAX_SENTENCES = {CUSTOMER: 2, SUPPORT: 4, AUDITOR: 4}
_LONGEST_RUN = 7
_MOST_NAMED = 2
_SINGULAR = frozenset({"a", "an", "another"})
_PLURAL = frozenset(
    {"people", "viewers", "others", "titles", "films", "products", "articles", "posts", "marks", "two", "both"}
)
_OF_ALL = frozenset({"both", "three", "them", "all"})
# What a sentence that names nothing may be about.
_TOPICS = frozenset(
    {"new", "taste", "history", "deletion", "association", "unconfirmed", "missing", "empty", "switched", "excluded"}
)


def misshapen(tokens: Sequence[Token], evidence: Evidence, style: Style) -> Iterator[str]:
    """Yield ``rule: what`` for what is wrong with the shape."""
    size = sum(1 for t in tokens if t.kind is not TokenKind.PUNCTUATION)
    if not MIN_WORDS <= size <= MAX_WORDS[style.audience]:
        yield f"length: {size} words"
    found = sentences(tokens)
    if len(found) > MAX_SENTENCES[style.audience]:
        yield f"sentences: {len(found)}"
    if repeats(tokens) or _runs_twice(tokens) or any(_harps(sentence, evidence) for sentence in found):
        yield "repetition"
    yield from (f"says_nothing: {' '.join(t.text for t in s)}" for s in found if not _says_something(s))
    yield from _articles(tokens)


def _runs_twice(tokens: Sequence[Token]) -> bool:
    """Return whether a sentence stands twice, or seven words and slots in a row."""
    said = [tuple(t.text for t in sentence) for sentence in sentences(tokens)]
    if len(set(said)) < len(said):
        return True
    texts = [t.text for t in tokens if t.kind is not TokenKind.PUNCTUATION]
    runs = [tuple(texts[n : n + _LONGEST_RUN]) for n in range(len(texts) - _LONGEST_RUN + 1)]
    return len(set(runs)) < len(runs)


def _harps(sentence: Sequence[Token], evidence: Evidence) -> bool:
    """Return whether a sentence names the same thing again and again; whom a count is of does not weigh.

    Twice is for what was done and what is shared; with two shared aspects it may take three.
    """
    if _owners(sentence) != list(dict.fromkeys(_owners(sentence))):
        return True
    most = {b.slot: max(_MOST_NAMED, 1 + len(b.aspects)) for b in evidence.behaviours}
    named = [t.text for n, t in enumerate(sentence) if entity(t) and not _is_counted(sentence[:n])]
    named += [token.text for token in sentence if token.kind is TokenKind.ASPECT]
    return any(times > most.get(name, _MOST_NAMED) for name, times in Counter(named).items())


def _owners(sentence: Sequence[Token]) -> list[str]:
    """Return whose aspects a sentence has as such: "the noir of {b1}" twice is "the noir and crime of {b1}"."""
    triples = zip(sentence, sentence[1:], sentence[2:], strict=False)
    return [
        whose.text for what, of, whose in triples if what.kind is TokenKind.ASPECT and of.text == "of" and entity(whose)
    ]


def _is_counted(before: Sequence[Token]) -> bool:
    """Return whether what comes next is whom a count is of: "people who liked"."""
    return any(token.text == "who" for token in before[-3:])


def _says_something(sentence: Sequence[Token]) -> bool:
    """Return whether a sentence names something, or says of all that were named what was done with them."""
    if any(t.kind in {TokenKind.SLOT, TokenKind.ASPECT} for t in sentence):
        return True
    words = {t.text for t in sentence}
    done = words & (DOINGS.keys() | LIKED) and words & (_OF_ALL | ORDINALS.keys())
    return bool(done or words & _TOPICS)


def _articles(tokens: Sequence[Token]) -> Iterator[str]:
    for article, following in pairwise(tokens):
        # Close enough for our vocabulary: "hour" and "one" never follow an article in it. How a name with capitals
        # sounds ("an NHL", "an Xbox") is not to be told from its letters.
        named = following.kind is TokenKind.ASPECT and following.text != following.text.lower()
        misfits = not named and (article.text == "an") is not (following.text[0] in "aeiou")
        if article.text in _SINGULAR and following.text in _PLURAL:
            yield f"article: {article.text} {following.text}"
        if article.text in {"a", "an"} and following.kind is not TokenKind.SLOT and misfits:
            yield f"article: {article.text} {following.text}"
