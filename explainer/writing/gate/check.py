"""Every rule of the gate, and the verdict that names those a draft breaks.

The gate is an allow-list: a word that is neither connective vocabulary of the corpus nor an aspect in evidence fails,
so an invented name, price or plot needs no rule of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.evidence import Evidence
from explainer.evidence.citable import is_citable
from explainer.evidence.firewall import PrivateWords
from explainer.writing.gate.attachments import misattached
from explainer.writing.gate.chosen import mischosen
from explainer.writing.gate.claims import false_claims
from explainer.writing.gate.elided import carried_over
from explainer.writing.gate.numbers import miscounted
from explainer.writing.gate.places import misplaced
from explainer.writing.gate.popularity import false_popularity
from explainer.writing.gate.shape import misshapen
from explainer.writing.gate.sources import missourced
from explainer.writing.gate.standing import misranked
from explainer.writing.gate.tokens import WITHHELD, Token, TokenKind, tokenize, without_aspects
from explainer.writing.gate.told_apart import told_apart
from explainer.writing.gate.usage import misused
from explainer.writing.gate.words import BECAUSE, CAUSES, NEGATION, foreign_nouns, own_words
from explainer.writing.slots import SLOT, slot_values
from explainer.writing.style import AUDITOR, CUSTOMER, Style

_URL = re.compile(r"https?:|www\.|\.(?:com|org|net|io)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>\[\]*_`#|\\\"\u201c\u201d\u300a\u300b~^@&/=+]")
_CHARACTERS = re.compile(r"[A-Za-z ,.;:!?'\u2019-]")
_STAFF_CHARACTERS = re.compile(r"[A-Za-z ,.;:!?'\u2019()-]")
_NAME = re.compile(r"(?<=[^\s.!?:])\s+[A-Z][\w'-]*")
# A slot or a mark glued to what stands beside it, two spaces, a free-standing dash.
_GLUED = re.compile(r"\w\{|\}[\w{(]|\s[,.;:!?)]|[,;:][^\s]|\s\s|\((?!\{)|(?<![A-Za-z])-|-(?![A-Za-z])")

Vocabulary = frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the gate.

    Attributes:
        failures: ``rule: what`` for every broken rule, in the order of the rules; empty means pass.
    """

    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the draft may be shown."""
        return not self.failures


def check(draft: str, evidence: Evidence, vocabulary: Vocabulary, style: Style, private_words: PrivateWords) -> Verdict:
    """Return which rules an English draft breaks; see :func:`explainer.writing.gate.check`."""
    tokens = tokenize(draft, evidence.aspects)
    plain = without_aspects(draft, evidence.aspects)
    failures = [*_urls(draft), *_private(draft, private_words), *_ending(draft)]
    failures += [failure for rule in _PLAIN_RULES for failure in rule(plain)]
    failures += _characters(plain, style)
    failures += _slot_failures(draft, evidence, style)
    failures += _word_failures(tokens, evidence, vocabulary, private_words)
    failures += _cause_failures(tokens, evidence)
    failures += misshapen(tokens, evidence, style)
    # Claims are only worth reading once every slot is known.
    if not any(f.startswith("unknown_slot") for f in failures):
        if evidence.behaviours:
            failures += false_claims(tokens, evidence)
        else:
            failures += false_popularity(tokens, evidence)
        failures += misattached(tokenize(told_apart(draft, evidence), evidence.aspects))
        failures += carried_over(tokens, evidence)
        failures += misplaced(tokens)
        failures += misused(tokens, evidence)
        failures += mischosen(tokens, evidence)
        failures += miscounted(tokens, evidence)
        failures += missourced(tokens, evidence)
        failures += misranked(tokens, [b.slot for b in evidence.causes])
    return Verdict(tuple(dict.fromkeys(failures)))


def _urls(draft: str) -> Iterator[str]:
    if _URL.search(draft):
        yield "url"


def _markup(draft: str) -> Iterator[str]:
    rest = SLOT.sub("", draft)
    if found := _MARKUP.search(rest):
        yield f"markup: {found[0]}"
    if "{" in rest or "}" in rest:
        yield "broken_slot"


def _characters(plain: str, style: Style) -> Iterator[str]:
    """Allow-list of characters: whatever is invisible, or only looks like a letter, is none of them."""
    allowed = _STAFF_CHARACTERS if not style.is_customer else _CHARACTERS
    for strange in dict.fromkeys(c for c in SLOT.sub("", plain) if not allowed.match(c)):
        yield f"character: U+{ord(strange):04X}"


def _private(draft: str, private_words: PrivateWords) -> Iterator[str]:
    if private_words.are_in(SLOT.sub(" ", draft)):
        yield "sensitive"


def _digits(draft: str) -> Iterator[str]:
    if re.search(r"\d", SLOT.sub("", draft)):
        yield "digits"


def _names(draft: str) -> Iterator[str]:
    if found := _NAME.search(SLOT.sub("x", draft)):
        yield f"name: {found[0].strip()}"


def _ending(draft: str) -> Iterator[str]:
    if not draft.endswith((".", "!", "?")):
        yield "unfinished"
    if "\n" in draft or draft != draft.strip():
        yield "line_break"


def _spacing(draft: str) -> Iterator[str]:
    if (found := _GLUED.search(draft)) is not None:
        yield f"spacing: {found[0]!r}"
    depth = 0
    for mark in re.findall(r"[()]", draft):
        depth += 1 if mark == "(" else -1
        if depth not in {0, 1}:
            break
    if depth:
        yield "spacing: parentheses"


_PLAIN_RULES = (_markup, _digits, _names, _spacing)  # an aspect in evidence may have both: "Xbox 360"


def _slot_failures(draft: str, evidence: Evidence, style: Style) -> Iterator[str]:
    used = SLOT.findall(draft)
    known = slot_values(evidence, style)
    for slot in used:
        if slot not in known:
            yield f"unknown_slot: {slot}"
    for needed in _needed(evidence, style.audience):
        if needed not in used:
            yield f"missing_slot: {needed}"
    for slot in used:
        # "3 people" without "of 50" is half a fact.
        if slot.endswith((".n", ".m")) and slot[:-1] + ("m" if slot[-1] == "n" else "n") not in used:
            yield f"half_count: {slot}"


def _needed(evidence: Evidence, audience: str) -> Iterator[str]:
    """Yield the slots without which the text would keep something back from its reader."""
    causes = [b.slot for b in evidence.causes]
    if audience != AUDITOR:
        yield "item"
    if audience != CUSTOMER:
        yield "rank"
        yield from (f"{slot}.share" for slot in causes)
    if audience == AUDITOR:
        yield from ("n", "model", "method", "writer", *(["rest.share"] if causes else []))
    yield from causes


def _word_failures(
    tokens: Sequence[Token], evidence: Evidence, vocabulary: Vocabulary, private_words: PrivateWords
) -> Iterator[str]:
    """Yield words that are on no list, or on one of the wrong domain, and what denies."""
    allowed, foreign = vocabulary | own_words(evidence.domain), foreign_nouns(evidence.domain)
    for token in tokens:
        if token.kind is TokenKind.WORD and token.text not in allowed and not WITHHELD.fullmatch(token.text):
            yield f"unknown_word: {token.text}"
        elif token.kind is TokenKind.WORD and token.text in foreign:
            yield f"foreign_noun: {token.text}"
        elif token.kind is TokenKind.ASPECT and not is_citable(token.text, private_words):
            yield f"uncitable: {token.text}"  # evidence holds none; should it ever, no text names it
        if token.text in NEGATION or token.text.endswith(("n't", "n\u2019t")):
            yield f"negation: {token.text}"


def _cause_failures(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield causes that nothing was found for."""
    words = {t.text for t in tokens if t.kind is TokenKind.WORD}
    if not evidence.causes and BECAUSE & words:
        yield "unfounded_because"
    if not evidence.causal and (claimed := CAUSES & words):
        yield f"unproven_cause: {min(claimed)}"
