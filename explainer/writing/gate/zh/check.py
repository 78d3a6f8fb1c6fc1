"""Every rule of the gate in Chinese. What is no matter of language is asked of the English gate's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from explainer.evidence import Evidence
from explainer.evidence.citable import is_citable
from explainer.evidence.firewall import PrivateWords
from explainer.writing.gate.check import Verdict, Vocabulary, _digits, _private, _slot_failures, _urls
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.told_apart import told_apart
from explainer.writing.gate.zh.claims import false_claims
from explainer.writing.gate.zh.counts import false_counts, false_popularity
from explainer.writing.gate.zh.elided import carried_over
from explainer.writing.gate.zh.places import misplaced
from explainer.writing.gate.zh.tokens import sentences, tokenize
from explainer.writing.gate.zh.words import (
    CAUSES,
    CHOICES,
    COUNTING,
    PHRASES,
    UNPROVEN,
    counted_as,
    foreign_nouns,
    is_negation,
    is_number,
    is_unlisted_claim,
    own_words,
    selling,
)
from explainer.writing.glossary import told_in
from explainer.writing.slots import SLOT
from explainer.writing.style import CUSTOMER, Style

MIN_WORDS = 4
MAX_WORDS = {CUSTOMER: 80}
MAX_WORDS_STAFF = 130
MAX_SENTENCES = {CUSTOMER: 2}
MAX_SENTENCES_STAFF = 5
_CHARACTERS = re.compile(r"[\u4e00-\u9fff，。；：！？、 ]")
_STAFF_CHARACTERS = re.compile(r"[\u4e00-\u9fff，。；：！？、（） ]")
_MARKUP = re.compile(r"[<>\[\]*_`#|\\\"'\u2018\u2019\u201c\u201d\u300a-\u300f~^@&/=+]")
_LATIN = re.compile(r"[A-Za-z]+")
# Spaces part Chinese from what is written otherwise, and nothing else.
_STRAY_SPACE = re.compile(r"(?<=[\u4e00-\u9fff，。；：！？、（）]) +(?=[\u4e00-\u9fff，。；：！？、（）])|  ")
# "答案：…": what a chatting model puts before its answer.
_ANNOUNCED = re.compile(r"(?:答案|回答|文本|句子|说明)+[：:]")


def check(draft: str, evidence: Evidence, vocabulary: Vocabulary, style: Style, private_words: PrivateWords) -> Verdict:
    """Return which rules a Chinese draft breaks; see :func:`explainer.writing.gate.check`."""
    facts = told_in(evidence, style.locale)
    tokens = tokenize(draft, facts.aspects)
    bare = SLOT.sub("", _without_aspects(draft, tokens))
    failures = [*_urls(draft), *_private(draft, private_words), *_shape(draft, bare, tokens, style)]
    failures += [*_marks(bare), *_digits(bare), *_characters(bare, style)]
    failures += _slot_failures(draft, evidence, style)
    failures += _words(tokens, facts, vocabulary, private_words)
    failures += _causes(tokens, facts, style)
    failures += _choices(tokens, facts)
    # Claims are only worth reading once every slot is known.
    if not any(f.startswith("unknown_slot") for f in failures):
        if facts.behaviours:
            failures += false_claims(tokens, facts)
            failures += false_counts(tokens, facts)
        else:
            failures += false_popularity(tokens, facts)
        failures += carried_over(tokens, facts)
        failures += misplaced(tokenize(told_apart(draft, facts), facts.aspects), facts)
    return Verdict(tuple(dict.fromkeys(failures)))


def _without_aspects(draft: str, tokens: Sequence[Token]) -> str:
    """Return the draft without the aspects that its tokens have as such."""
    found = {t.text for t in tokens if t.kind is TokenKind.ASPECT}
    for aspect in sorted(found, key=len, reverse=True):
        draft = draft.replace(aspect, "")
    return draft


def _marks(bare: str) -> Iterator[str]:
    if found := _MARKUP.search(bare):
        yield f"markup: {found[0]}"
    if "{" in bare or "}" in bare:
        yield "broken_slot"


def _characters(bare: str, style: Style) -> Iterator[str]:
    """Allow-list of characters: whatever is invisible, or only looks like a Chinese mark, is none of them."""
    if found := _LATIN.search(bare):
        yield f"wrong_language: {found[0]}"
    allowed = _CHARACTERS if style.is_customer else _STAFF_CHARACTERS
    for strange in dict.fromkeys(c for c in bare if not allowed.match(c) and not _LATIN.match(c)):
        yield f"character: U+{ord(strange):04X}"
    if word := selling(bare):
        yield f"selling: {word}"


def _shape(draft: str, bare: str, tokens: Sequence[Token], style: Style) -> Iterator[str]:
    if not draft.endswith(("。", "！", "？")):
        yield "unfinished"
    if "\n" in draft or draft != draft.strip() or _STRAY_SPACE.search(draft):
        yield "line_break"
    if bare.count("（") != bare.count("）"):
        yield "unfinished: （"
    size = sum(1 for t in tokens if t.kind is not TokenKind.PUNCTUATION)
    if not MIN_WORDS <= size <= MAX_WORDS.get(style.audience, MAX_WORDS_STAFF):
        yield f"length: {size} words"
    if len(sentences(tokens)) > MAX_SENTENCES.get(style.audience, MAX_SENTENCES_STAFF):
        yield f"sentences: {len(sentences(tokens))}"
    said = [tuple(t.text for t in sentence) for sentence in sentences(tokens)]
    if len(set(said)) < len(said):
        yield "repetition: a sentence twice"
    if _ANNOUNCED.match(draft):
        yield "residue: what a text is called, before the text"
    words = [t for t in tokens if t.text not in {"、", "和", "与"}]
    if any(a == b and a.kind is not TokenKind.SLOT for a, b in pairwise(words)):
        yield "repetition"


def _words(
    tokens: Sequence[Token], evidence: Evidence, vocabulary: Vocabulary, private_words: PrivateWords
) -> Iterator[str]:
    """Yield words that are on no list or untrue by themselves, and aspects that no text may name."""
    allowed, foreign = vocabulary | own_words(evidence.domain), foreign_nouns(evidence.domain)
    for token in tokens:
        word = token.text
        if token.kind is TokenKind.ASPECT and not is_citable(word, private_words):
            yield f"uncitable: {word}"  # evidence holds none; should it ever, no text names it
        if token.kind is not TokenKind.WORD:
            continue
        if (holds := PHRASES.get(word)) is not None:
            if not holds(evidence):
                yield f"unfounded_claim: {word}"
            continue
        if word not in allowed:
            yield f"unknown_word: {word}"
        if {word, word.lstrip(COUNTING)} & foreign:
            yield f"foreign_noun: {word}"
        yield from _untrue(word, evidence)


def _untrue(word: str, evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with a word whatever stands beside it: it denies, counts without proof or claims a deed."""
    if is_negation(word):
        yield f"negation: {word}"
    if is_number(word):
        yield f"number: {word}"
    if is_unlisted_claim(word):
        yield f"unlisted_claim: {word}"
    # The recommended item may be counted in: 三部都是喜剧.
    if counted_as(word) > len(evidence.behaviours) + 1:
        yield f"miscount: {word}"


def _causes(tokens: Sequence[Token], evidence: Evidence, style: Style) -> Iterator[str]:
    """Yield causes that nothing was found for, or that deletion did not confirm; staff is told that it did not."""
    if not style.is_customer and evidence.causes and not evidence.causal and not UNPROVEN & {t.text for t in tokens}:
        yield "unsaid: no proven cause"
    claimed = {t.text for t in tokens if t.kind is TokenKind.WORD} & CAUSES
    if claimed and not evidence.causes:
        yield f"unfounded_because: {min(claimed)}"
    elif claimed and not evidence.causal:
        yield f"unproven_cause: {min(claimed)}"


def _choices(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield choices of the reader that are not said, and what else is said to a reader who made one."""
    words = [t.text for t in tokens]
    yield from (f"unsaid: {choice}" for choice, made in CHOICES.items() if made(evidence) and choice not in words)
    if evidence.kept_out and any(one == "您" and after not in CHOICES for one, after in pairwise(words)):
        yield "unfounded_claim: 您"
