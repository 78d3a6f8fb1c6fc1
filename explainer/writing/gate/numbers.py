"""Numbers in words: they must be the number of what is cited, and never stand in for a count of people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.mentions import entity
from explainer.writing.gate.tokens import Token, TokenKind, sentences
from explainer.writing.gate.usage import spelled
from explainer.writing.gate.words import DOINGS, PEOPLE, READER

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
    rf"(?<!\S)(?:{_QUANTITIES})(?: of)?(?: the| these| those)? {_PEOPLE}(?!\S)"
    rf"|(?<!\S)(?:one|two) in (?:{_QUANTITIES})(?!\S)"
    r"|(?<!\S)(?:two|three|four|five|many|several) more of the series"
)
_MANY_COUNTED = re.compile(r"many people.*\{pop\.n\} of")
_CITED = frozenset({"behaviours", "behaviour", "causes", "cause"})
_STOPS = frozenset({",", ";", ":", "and"})
_ACTS = DOINGS.keys() | {"liked", "enjoyed"}
_READERS = READER | {"they", "customer"}
_OF_SOME = frozenset({"first", "last", "other", "these", "the"})
# "…, both of which you rated": the item is none of them.
_ALL_DONE = re.compile(rf"(?:of (?:which|them) )?(?:{'|'.join(_READERS)})(?: [a-z]+)? (?:{'|'.join(_ACTS)})(?!\S)")
_WITH_THE_ITEM = frozenset({"all", "makes", "it"})


def miscounted(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``miscount: word`` for every number in words that is not so."""
    cited = len(evidence.behaviours)
    for sentence in sentences(tokens):
        line = spelled(sentence)
        if (found := _OF_PEOPLE.search(line)) is not None and not _MANY_COUNTED.search(line):
            yield f"miscount: {found[0]}"
        words = [t.text if t.kind is TokenKind.WORD else "" for t in sentence]
        for index, word in enumerate(words):
            noun = next((w for w in words[index + 1 : index + 3] if w in _CITED), "")
            exact = noun and {**_NUMBERS, "one": 1}.get(word, 0) not in {0, cited, len(evidence.causes)}
            if exact or (word in _NUMBERS and not _fits(_NUMBERS[word], index, sentence, cited)):
                yield f"miscount: {word}"


def _fits(number: int, index: int, sentence: Sequence[Token], cited: int) -> bool:
    """Return whether so many things are in reach: the cited ones, or with the item one more."""
    before, after = sentence[index - 1].text if index else "", sentence[index + 1 :]
    if number > cited + 1:
        return False
    if number == cited + 1 and (_was_done_to_all(sentence, index) or _ALL_DONE.match(spelled(after))):
        return False
    if before in _WITH_THE_ITEM:
        return True
    listed = _first_list(after)
    if len(listed) > 1 and before not in _OF_SOME and number not in {len(listed), _announced(after)}:
        return False
    if number <= max(cited, 2):  # "two" of one and the item is said in many ways
        return True
    # The item is counted in where it is in the list that follows: "three dramas: {b1}, {b2} and {item}".
    named_before = any(t.kind is TokenKind.SLOT and t.text[0] == "b" for t in sentence[:index])
    return not named_before and ("item" in listed or number == _announced(after))


def _was_done_to_all(sentence: Sequence[Token], index: int) -> bool:
    """Return whether the reader is said to have done something with so many: the item is none of those."""
    if index + 1 < len(sentence) and sentence[index + 1].text in {"got", "earned", "won", "drew"}:
        return True
    start = max((n + 1 for n in range(index) if sentence[n].text in _STOPS), default=0)
    before = [t.text for t in sentence[start:index] if t.text != "all"]
    return bool(before) and before[-1] in _ACTS and not PEOPLE & set(before) and bool(_READERS & set(before))


def _announced(tokens: Sequence[Token]) -> int:
    """Return how many a colon announces: "three products: you bought {b1} and {b2}, so {item} comes next"."""
    texts = [t.text for t in tokens]
    named = next((n for n, t in enumerate(tokens) if entity(t) is not None), 0)
    if ":" not in texts[:named]:
        return 0
    return len({t.text for t in tokens if entity(t) is not None})


def _first_list(tokens: Sequence[Token]) -> list[str]:
    """Return the behaviours and the item of the first list: "{b1} ({b1.share}), {b2} and {item}"."""
    listed: list[str] = []
    ended = False
    for token in tokens:
        if entity(token) is not None:
            listed.append(token.text)
        elif token.text == "and" and ended:
            break  # "three westerns, {b1}, {b2} and {b3}, and {item}": the list was over
        elif token.text == "and" and listed:
            ended = True
        elif listed and token.kind is not TokenKind.SLOT and token.text not in {",", "and"}:
            break
    return list(dict.fromkeys(listed))
