"""What the reader did was done to a behaviour, never to the recommended item: that they have yet to meet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from explainer.writing.gate.mentions import Mentions, entity
from explainer.writing.gate.tokens import Token, TokenKind, segments
from explainer.writing.gate.usage import spelled
from explainer.writing.gate.words import DOINGS, NOUNS_OF_ACTS, ORDINALS, PEOPLE

_ACTIONS = (frozenset({"liked", "enjoyed", "got", "did", "followed", "loved"}) | DOINGS.keys()) - NOUNS_OF_ACTS
_READERS = frozenset({"you", "your", "they", "their", "customer", "reader"})
_PRONOUNS = frozenset({"it", "that"})
# Between the reader and the item: the way to it, and nothing that was done to it.
_ON_THE_WAY = frozenset({
    "a", "also", "are", "can", "close", "come", "do", "find", "for", "here", "in", "is", "makes", "may", "meet",
    "more", "next", "now", "of", "on", "place", "pointed", "see", "share", "that", "the", "theme", "to",
    "topic", "toward", "us", "way", "will", "with",
})  # fmt: skip
_MARKS = r"(?:marks|ratings?|reviews?|likes?|liking|clicks?|follow|purchases?|\{b\.value\})"
_NAMED_ACTS = frozenset({"marks", "rating", "ratings", "review", "reviews", "likes"})
_NO_VERBS = frozenset(
    {"too", "both", "as", "alike", "again", "like", "with", "in", "for", "of", "well", "so", "and", "or"}
)
_VERBS = "|".join(sorted(_ACTIONS))
_DONE_TO_ITEM = re.compile(
    rf"(?<!\S){_MARKS} (?:for|of|on|to|at) \{{item\}}(?!\S)"
    # {item}, a drama, got {b1.value}
    r"|\{item\}(?: , [^,]*,)? (?:also )?(?:was |were |is )?(?:rated|given|has|have|had|got|earned|won|drew)"
    r" (?:your |high |good |their )*(?:marks|\{b\.value\})"
    r"|(?<!\S)(?:you|they|customer) and people|(?<!\S)(?:people|who) and (?:you|they|this customer)"
    r"|(?<!\S)(?:may|you|they|customer|who) made \{item\}"
    rf"|^(?:{_VERBS})(?: [a-z]+| \{{b\.value\}})* by (?:you|them|this customer) , \{{item\}}"
    rf"|(?:customer|reader) (?:, )?who (?:{_VERBS})(?: to)? (?:it|\{{item\}})(?!\S)"
    r"|the same with \{item\}|you (?:are|were) (?:one|among)(?! those who)"
)
# "Both {b1} and {item} …", and what may follow so that an act is said of both.
_PAIR = re.compile(r"(?:\{item\} and (?:the |@ )*\{b\}|\{b\} and (?:the |@ )*\{item\})")
_SAID_OF_PAIR = re.compile(
    rf"(?: ,)?(?: (?:are|were|both|all|is|two|of|them|the|@|films|stories|products|posts|articles|,|that|which))*"
    rf"(?: (?:you|they|this customer)(?: also)?)? (?:{_VERBS}|got|earned|won)(?: high marks| \{{b\.value\}}|$| [.,;:])"
)
# A pronoun whose noun comes after it, as in "you did it too" before a colon and the item.
_TOLD_AFTER = re.compile(
    rf"(?:^|[,;:] |and )(?:you|this customer|they)(?: [a-z]+)* (?:{'|'.join(sorted(_ACTIONS))})"
    r"(?: (?:it|too|one|that|this|more|another|also|to|them|high|good|marks))+ [:,] \{item\}(?: [,;]|$)"
)
_BOTH_DO = re.compile(
    r"(?<!\S)(?:you|they|this customer)(?: also)? (?:" + "|".join(sorted(_ACTIONS)) + r")(?: to)? it(?!\S)"
)


def misdone(sentence: Sequence[Token], mentions: Mentions, last: str | None) -> Iterator[str]:
    """Yield ``misattached: what`` for every act that the sentence says was done to the item.

    Args:
        sentence: Tokens of one sentence.
        mentions: What the text names, in order.
        last: What was named last before this sentence.
    """
    yield from _done_to_both(sentence)
    yield from _done_to_listed(sentence)
    if _coordinated(sentence):
        yield "misattached: both"
    line = spelled(sentence)
    if (found := _DONE_TO_ITEM.search(line)) or (found := _TOLD_AFTER.search(line)):
        yield f"misattached: {found[0].split()[0]}"
    if "{co.n}" in line and (found := _BOTH_DO.search(line, line.index("{co.n}"))):
        yield f"misattached: {found[0]}"  # who knows whether "it" is the item then
    parts = segments(sentence)
    for number, segment in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else []
        yield from _actions(segment, following, mentions, last)
        yield from _met(segment)
        yield from _owned(segment)
        named = [name for token in segment if (name := entity(token))]
        last = named[-1] if named else last


def _actions(
    segment: Sequence[Token], following: Sequence[Token], mentions: Mentions, last: str | None
) -> Iterator[str]:
    if any(t.text in PEOPLE or t.text.startswith(("co", "pop.")) for t in segment):
        return
    for index, token in enumerate(segment):
        if token.kind is not TokenKind.WORD or token.text not in _ACTIONS:
            continue
        done_to = _object(segment, index, mentions, last)
        if done_to in {"item", None} and not _is_told_next(segment, following):
            yield f"misattached: {token.text}"


def _is_told_next(segment: Sequence[Token], following: Sequence[Token]) -> bool:
    """Return whether what it was done to comes right after: "Two dramas you liked, {b1} and {b2}, …"."""
    names_nothing = all(entity(t) is None and t.text not in _PRONOUNS for t in segment)
    return names_nothing and bool(following) and entity(following[0]) not in {"item", None}


def _object(segment: Sequence[Token], index: int, mentions: Mentions, last: str | None) -> str | None:
    for position in range(index + 1, len(segment)):
        token = segment[position]
        if (name := entity(token)) is not None:
            return name
        if token.kind is TokenKind.SLOT and token.text.endswith(".value"):
            return token.text.split(".")[0]
        if token.kind is TokenKind.WORD and token.text in ORDINALS:
            following = segment[position + 1].text if position + 1 < len(segment) else ""
            return next(iter(mentions.by_ordinal(token.text, following)), None)
    before = (name for token in reversed(segment[:index]) if (name := entity(token)))
    return next(before, last)


def _done_to_both(sentence: Sequence[Token]) -> Iterator[str]:
    """Nothing was done to the item yet: "you bought {b1} and {item}" is false unless the item does something then."""
    for index, token in enumerate(sentence[:-1]):
        if token.text != "and" or not index or sentence[index - 1].kind is not TokenKind.SLOT:
            continue
        at = next((n for n in range(index + 1, len(sentence)) if not _leads_to_name(sentence[n])), len(sentence))
        if at == len(sentence) or entity(sentence[at]) != "item" or _does_something(sentence, at + 1):
            continue
        clause = segments(sentence[:index])[-1]
        done = [t.text for t in clause if t.text in _ACTIONS or t.text in _NAMED_ACTS or t.text.endswith(".value")]
        if done and entity(sentence[index - 1]) != "item":
            yield f"misattached: {done[-1]}"


def _leads_to_name(token: Token) -> bool:
    return token.kind is TokenKind.ASPECT or token.text in {
        "the",
        "a",
        "an",
        "film",
        "story",
        "product",
        "post",
        "article",
    }


def _does_something(sentence: Sequence[Token], start: int) -> bool:
    return start < len(sentence) and sentence[start].kind is TokenKind.WORD and sentence[start].text not in _NO_VERBS


def _coordinated(sentence: Sequence[Token]) -> bool:
    """Return whether the item and a behaviour are said to be one thing, and then what was done is said of both.

    "{item} and {b1}, both dramas, got {b1.value}", "both {b1} and {item} are dramas you rated {b1.value}".
    """
    line = spelled(sentence)
    found = _PAIR.search(line)
    if found is None:
        return False
    rest = line[found.end() :]
    if found[0].endswith("}") and not found[0].endswith("{item}") and rest.startswith((" , which", " , that")):
        return False  # "{item} and {b1}, which you read, are …"
    return _SAID_OF_PAIR.match(rest) is not None


def _done_to_listed(sentence: Sequence[Token]) -> Iterator[str]:
    """Nor is the item one of a list: "you reviewed {b1}, {item}, and …"."""
    for index in range(1, len(sentence) - 1):
        around = [sentence[index].text, *(t.text for t in sentence[index + 2 : index + 3] if entity(t) is None)]
        if (
            entity(sentence[index + 1]) != "item"
            or around[0] != ","
            or around[1:] not in ([], [","], [";"], [":"], ["and"])
        ):
            continue
        clause = segments(sentence[:index])[-1:]
        done = [t.text for part in clause for t in part if t.kind is TokenKind.WORD and t.text in _ACTIONS]
        if done and entity(sentence[index - 1]) not in {None, "item"}:
            yield f"misattached: {done[-1]}"


def _met(segment: Sequence[Token]) -> Iterator[str]:
    """Between "you" and the item stands nothing that the reader could have done: "you keep {item}" is refused."""
    reader: int | None = None
    for index, token in enumerate(segment):
        if token.text in _READERS:
            reader = index
        elif entity(token) == "item" and reader is not None:
            strange = [t.text for t in segment[reader + 1 : index] if t.text not in _ON_THE_WAY]
            if strange:
                yield f"misattached: {strange[0]}"
            reader = None
        elif token.kind is not TokenKind.WORD:
            reader = None


def _owned(segment: Sequence[Token]) -> Iterator[str]:
    """Nothing recommended is the reader's yet: "with {item} on your shelf" is false however it goes on."""
    words = {t.text for t in segment if t.kind is TokenKind.WORD}
    for what, link, whose in zip(segment, segment[1:], segment[2:], strict=False):
        if what.text in {"film", "films"} and link.text in {"from", "of", "by"} and entity(whose):
            yield f"misattached: {what.text} {link.text}"  # a film is not part of another
    named = {name for token in segment if (name := entity(token))}
    if "your" in words and named == {"item"} and words & {"shelf", "list"}:
        yield "misattached: your"
