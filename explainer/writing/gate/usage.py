"""Words that are true in few surroundings: "near the top" says nothing of quality, "the top choice" does.

A sentence is read as one line in which every aspect is ``@`` and slots lose their numbers, so that a surrounding is a
pattern. A word that stands here is refused everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.phrases import EXCLUDED, SWITCHED_OFF, misphrased
from explainer.writing.gate.tokens import Token, TokenKind, sentences

OFFERS = frozenset({
    "bargain", "buy", "cheap", "cheaper", "cheapest", "coupon", "deal", "deals", "discount", "discounted",
    "discounts", "free", "hurry", "limited", "offer", "offered", "price", "priced", "prices", "refund", "sale",
    "sales", "save", "shipping",
})  # fmt: skip
PRAISE = frozenset({
    "acclaimed", "amazing", "award", "awarded", "awards", "awesome", "best", "bestseller", "bestselling",
    "classic", "finest", "greatest", "hit", "legendary", "masterpiece", "must", "perfect", "prize", "renowned",
    "top-rated", "winner", "winning",
})  # fmt: skip
_NEVER = OFFERS | PRAISE | {"tend", "tends"}  # a tendency is more than a count says
_ONLY: Mapping[str, str] = {
    "offers": r"\{item\} offers (?:you )?(?:another|more|both|the next|the same|@)",
    "most": r"among the most popular",
    "top": r"near the top",
    "far": r"so far",
    "order": r"in order",
    "off": r"start you off|personal recommendations off",
    "switched": SWITCHED_OFF,
    "personal": SWITCHED_OFF,
    "recommendations": SWITCHED_OFF,
    "excluded": EXCLUDED,
    "general": r"(?:comes from|is in) the general list",
    "short": r"short (?:step|way)",
    "time": r"each time",
    "home": r"at home (?:beside|with|among)",
    "many": r"many people",
    "several": r"several things",
    "good": r"good (?:marks|company)|one good @ asks for another",
    "high": r"high marks",
    "highly": r"rated(?: (?:\{b\}|[a-z@-]+|,(?= \{b\})))* highly",
    "got": r"got (?:only|a low|high marks|good marks|(?:\{b\} )?\{b\.value\})",
    "won": r"won (?:\{b\} )?\{b\.value\}|won your high marks|won a like from you|won you over|won out",
    "earned": r"earned (?:\{b\} )?\{b\.value\}",
    "made": r"made (?:by|for @|of|us|it here|the choice)",
    "history": rf"(?:the|their|an|empty) history|history (?:is|are|empty|:)|^history :|{EXCLUDED}",
    "fair": r"in fair measure|a fair match",
    "right": r"fits right in|right beside (?:it|\{b\})",
    "taste": r"to your taste|(?:know|learn) your taste|tells of a taste for @",
    "wanted": r"wanted : .*",
    "keep": r"keep (?:coming|getting|to)",
    "without": r"without (?:\{b\}|both|them|all|these|the|either|a single)",
    "take": r"take (?:\{|the|them as|it as an|this as)\S*",
    "passed": r"passed the gate|gate(?: :)? passed|by \{writer\} , passed",
    "wrote": r"wrote (?:the|this) text|wrote this|wrote it",
}
_PLACES = {word: re.compile(rf"(?<!\S)(?:{pattern})(?!\S)") for word, pattern in _ONLY.items()}
_OF_TWO = re.compile(r"(?<!\S)(?:@ of both|like both|(?:first|last) two)(?= [,;:]|$)")
_SERVING = frozenset({"deletion", "unconfirmed", "association", "associations"})


def spelled(sentence: Sequence[Token]) -> str:
    """Return a sentence as one line: ``@`` for an aspect, ``{b.value}`` for a slot, words and marks as they are."""
    return " ".join(_spelled(token) for token in sentence)


def _spelled(token: Token) -> str:
    if token.kind is TokenKind.ASPECT:
        return "@"
    return f"{{{re.sub('[0-9]', '', token.text)}}}" if token.kind is TokenKind.SLOT else token.text


def misused(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every word outside of its surroundings, or true of other evidence only."""
    if any(t.kind is TokenKind.WORD and t.text in _NEVER for t in tokens):
        yield from (f"praise_or_offer: {t.text}" for t in tokens if t.kind is TokenKind.WORD and t.text in _NEVER)
    for sentence in sentences(tokens):
        line = spelled(sentence)
        for word in dict.fromkeys(t.text for t in sentence if t.kind is TokenKind.WORD and t.text in _PLACES):
            inside = sum(len(re.findall(rf"(?<!\S){word}(?!\S)", m[0])) for m in _PLACES[word].finditer(line))
            if inside < sum(t.kind is TokenKind.WORD and t.text == word for t in sentence):
                yield f"misused: {word}"
        yield from misphrased(line)
        yield from _untrue(sentence, line, evidence)


def _untrue(sentence: Sequence[Token], line: str, evidence: Evidence) -> Iterator[str]:
    """Yield words that are about the evidence as a whole, and wrong about it."""
    words = {t.text for t in sentence if t.kind is TokenKind.WORD}
    if evidence.popularity is None and words & {"popular", "popularity", "well-liked"}:
        yield "unfounded_claim: popular"
    if "many" in words and "{pop.n}" not in line:
        yield "unfounded_claim: many"
    if "would" in line.split() and "{cf.rank}" not in line:
        yield "unfounded_claim: would"
    if not evidence.is_new and re.search(r"(?<!\S)new(?!\S)|history (?:is |was )?empty|empty history", line):
        yield "unfounded_claim: new"
    if evidence.causes and re.search(
        r"zero behaviours|behaviours cited zero|behaviours (?:are )?missing|(?<!\S)several(?!\S)", line
    ):
        yield "unfounded_claim: nothing cited"
    if evidence.causes and words & {"empty", "missing", "zero"}:
        yield f"unfounded_claim: {min(words & {'empty', 'missing', 'zero'})}"
    if len(evidence.behaviours) == 1 and (found := _OF_TWO.search(line)):
        yield f"miscount: {found[0]}"
    if evidence.causes and evidence.causal and words & _SERVING:
        yield f"unfounded_claim: {min(words & _SERVING)}"
