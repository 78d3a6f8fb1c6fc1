"""Numbers in words: they must be the number of what is cited, and never stand in for a count of people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.tokens import Token, TokenKind, sentences
from explainer.writing.gate.usage import spelled

_NUMBERS = {
    "two": 2,
    "both": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_QUANTITIES = "|".join(
    [*_NUMBERS, "one", "many", "several", "some", "few", "most", "half", "all", "every", "each", "more"]
)
_PEOPLE = r"(?:people|viewers|readers|customers|others|fans|who)"
_OF_PEOPLE = re.compile(
    rf"(?<!\S)(?:{_QUANTITIES})(?: of)?(?: the| these| those)? {_PEOPLE}(?!\S)|(?<!\S)(?:one|two) in (?:{_QUANTITIES})(?!\S)|(?<!\S)(?:two|three|four|five|many|several) more of the series"
)
_MANY_COUNTED = re.compile(r"many people.*\{pop\.n\} of")
_MANY = 4


def miscounted(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``miscount: word`` for every number in words that is not so."""
    cited = len(evidence.behaviours)
    for sentence in sentences(tokens):
        line = spelled(sentence)
        if (found := _OF_PEOPLE.search(line)) is not None and not _MANY_COUNTED.search(line):
            yield f"miscount: {found[0]}"
        words = [t.text if t.kind is TokenKind.WORD else "" for t in sentence]
        for index, word in enumerate(words):
            if word in _NUMBERS and not _fits(_NUMBERS[word], index, sentence, cited):
                yield f"miscount: {word}"


def _fits(number: int, index: int, sentence: Sequence[Token], cited: int) -> bool:
    """Return whether so many things are in reach: the cited ones, or with the item one more."""
    if number > cited + 1:
        return False
    if number <= max(cited, 2):  # "two" of one and the item is said in many ways
        return True
    # The item is counted in: "all three", "it makes three", or the counted are named after their number, it among them.
    before, after = sentence[index - 1].text if index else "", sentence[index + 1 :]
    named_before = any(t.kind is TokenKind.SLOT and t.text[0] == "b" for t in sentence[:index])
    listed = any(t.text == "item" for t in after) and after[0].kind is not TokenKind.PUNCTUATION
    return before in {"all", "makes", "it"} or (number < _MANY and not named_before and listed)
