"""Who did what to which: "you gave", a rating and a count must each be attached to the right behaviour.

"Dark City is a film you liked" has no wrong word in it and is still a lie when the user never met Dark City.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import DOINGS, ORDINALS, PEOPLE, READER

_ACTIONS = frozenset({"liked", "enjoyed", "got", "did", "followed"})
_NOUNS = frozenset({"rating", "marks", "review"})
_PRONOUNS = frozenset({"it", "that", "did"})
_LIKING = frozenset({"liked", "like", "liking"})
_DONE = (_LIKING | DOINGS.keys()) - _NOUNS - {"gave"}  # what people in a count did


@dataclass(frozen=True, slots=True)
class Mentions:
    """The entities of a text: ``item`` and the cited behaviours, in order of first mention.

    Attributes:
        order: Slots of behaviours in order of first mention.
    """

    order: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> Mentions:
        """Return the mentions of a text."""
        return cls(tuple(dict.fromkeys(t.text for t in tokens if _is_behaviour(t))))

    def by_ordinal(self, word: str, following: str) -> Sequence[str]:
        """Return what "the second" or "the first two" names."""
        position = ORDINALS[word]
        if len(self.order) == 1:
            return self.order if word in {"first", "one"} else ()
        if following == "two":
            return self.order[:2] if position == 0 else self.order[-2:]
        return self.order[position : position + 1] if position >= 0 else self.order[-1:]


def entity(token: Token) -> str | None:
    """Return the slot of the item or behaviour a token names, else None."""
    if token.kind is TokenKind.SLOT and (token.text == "item" or _is_behaviour(token)):
        return token.text
    return None


def _is_behaviour(token: Token) -> bool:
    return token.kind is TokenKind.SLOT and token.text[0] == "b" and "." not in token.text


def misattached(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield ``rule: what`` for every action, rating and count that is attached to the wrong thing."""
    mentions = Mentions.of(tokens)
    actions = (_ACTIONS | DOINGS.keys()) - _NOUNS
    last: str | None = None
    group: Sequence[str] = ()
    for sentence in sentences(tokens):
        yield from _done_to_both(sentence, actions)
        yield from _counts(sentence, mentions, last, _DONE)
        for segment in segments(sentence):
            yield from _actions(segment, mentions, last, actions)
            yield from _owned(segment)
            named = [name for token in segment if (name := entity(token))]
            for figure in (".value", ".share"):
                yield from _figures(segment, figure, named, group, mentions)
            group = named or group
            last = named[-1] if named else last


def _actions(segment: Sequence[Token], mentions: Mentions, last: str | None, actions: frozenset[str]) -> Iterator[str]:
    if any(t.text in PEOPLE or t.text.startswith("co") for t in segment):
        return
    for index, token in enumerate(segment):
        if token.kind is TokenKind.WORD and token.text in actions:
            done_to = _object(segment, index, mentions, last)
            if done_to in {"item", None}:
                yield f"misattached: {token.text}"


def _done_to_both(sentence: Sequence[Token], actions: frozenset[str]) -> Iterator[str]:
    """Nothing was done to the item yet: "you bought {b1} and {item}" is false where the clause ends there."""
    for index, token in enumerate(sentence[:-1]):
        ends = index + 2 == len(sentence) or sentence[index + 2].kind is TokenKind.PUNCTUATION
        if token.text != "and" or not ends or entity(sentence[index + 1]) != "item" or not index:
            continue
        done = [t.text for t in sentence[:index] if t.kind is TokenKind.WORD and t.text in actions]
        if done and entity(sentence[index - 1]) is not None:
            yield f"misattached: {done[-1]}"


def _object(segment: Sequence[Token], index: int, mentions: Mentions, last: str | None) -> str | None:
    for position in range(index + 1, len(segment)):
        token = segment[position]
        if (name := entity(token)) is not None:
            return name
        if token.kind is TokenKind.WORD and token.text in ORDINALS:
            following = segment[position + 1].text if position + 1 < len(segment) else ""
            return next(iter(mentions.by_ordinal(token.text, following)), None)
    before = (name for token in reversed(segment[:index]) if (name := entity(token)))
    return next(before, last)


def _owned(segment: Sequence[Token]) -> Iterator[str]:
    """Nothing recommended is the reader's yet: "with {item} on your shelf" is false however it goes on."""
    words = {t.text for t in segment if t.kind is TokenKind.WORD}
    for what, link, whose in zip(segment, segment[1:], segment[2:], strict=False):
        if what.text in {"film", "films"} and link.text in {"from", "of", "by"} and entity(whose):
            yield f"misattached: {what.text} {link.text}"  # a film is not part of another
    named = {name for token in segment if (name := entity(token))}
    if "your" in words and named == {"item"} and words & {"shelf", "list"}:
        yield "misattached: your"


def _figures(
    segment: Sequence[Token], figure: str, named: Sequence[str], group: Sequence[str], mentions: Mentions
) -> Iterator[str]:
    """Ratings and shares belong to the behaviours named beside them, or just before, or to all: each, in order."""
    is_figure = [t.kind is TokenKind.SLOT and t.text.endswith(figure) and t.text[0] == "b" for t in segment]
    owners = [t.text.split(".")[0] for t, found in zip(segment, is_figure, strict=True) if found]
    if not owners or any(t.text in ORDINALS for t in segment):
        return  # claims by order are checked where ordinals are resolved
    beside = [n for n, found in enumerate(is_figure) if found and segment[n - 1].text == _owner(segment[n])]
    if len(beside) == len(owners):
        return
    about = list(dict.fromkeys(name for name in named if name != "item")) or [n for n in group if n != "item"]
    if owners not in (about, list(mentions.order)) or (not named and group[-1:] == ["item"]):
        yield f"misattached: {owners[0]}{figure}"


def _owner(token: Token) -> str:
    return token.text.split(".", maxsplit=1)[0]


def _counts(sentence: Sequence[Token], mentions: Mentions, last: str | None, verbs: frozenset[str]) -> Iterator[str]:
    texts = [t.text for t in sentence]
    slots = [t.text for t in sentence if t.kind is TokenKind.SLOT and t.text.startswith("co")]
    for stem in dict.fromkeys(slot.split(".")[0] for slot in slots):
        once_each = sorted(s for s in slots if s.startswith(f"{stem}.")) == [f"{stem}.m", f"{stem}.n"]
        reversed_ = any(texts[i : i + 3] == [f"{stem}.m", "of", f"{stem}.n"] for i in range(len(texts)))
        if not once_each or reversed_ or not _says_who(sentence, stem, mentions, last, verbs):
            yield f"count_claim: {stem}"


def _says_who(
    sentence: Sequence[Token], stem: str, mentions: Mentions, last: str | None, verbs: frozenset[str]
) -> bool:
    """Return whether the count is of people who liked its own behaviour and then the item, in this order."""
    at = min(i for i, t in enumerate(sentence) if t.text in {f"{stem}.n", f"{stem}.m"})
    whos = [i for i, t in enumerate(sentence) if t.text == "who"]
    who = next((i for i in whos if i > at), whos[-1] if whos else None)
    if who is None:
        return False
    condition, end = _referent(sentence, who + 1, mentions, last)
    if condition != stem.replace("co", "b"):
        return False
    again = next((i for i in range(end + 1, len(sentence)) if sentence[i].text in verbs), None)
    if again is None:
        # "liked by 3 of 4 people who liked it": what they did with the item was said before, or nothing is claimed.
        others = [s for s in segments(sentence) if not READER & {t.text for t in s}]
        said = sum(_says_doing(s, index, verbs) for s in others for index in range(len(s)))
        return said > 1 and any(t.text == "item" for t in sentence)
    outcome = next((name for t in sentence[again + 1 :] if (name := entity(t))), None)
    return outcome in {"item", None} or _ends_before(sentence, again)


def _says_doing(segment: Sequence[Token], index: int, verbs: frozenset[str]) -> bool:
    """Return whether a word says what people did; "like" does so only after "to", else it compares."""
    token = segment[index]
    if token.kind is not TokenKind.WORD or (token.text == "like" and (not index or segment[index - 1].text != "to")):
        return False
    return token.text in verbs or token.text == "good"


def _ends_before(sentence: Sequence[Token], index: int) -> bool:
    """Return whether the clause ends (or goes on with a pronoun) before the next entity: "… liked it, and …"."""
    for token in sentence[index + 1 :]:
        if token.kind is TokenKind.PUNCTUATION or token.text in {"it", "the", "this", "too", "one"}:
            return True
        if entity(token):
            return False
    return True


def _referent(sentence: Sequence[Token], start: int, mentions: Mentions, last: str | None) -> tuple[str | None, int]:
    before = next((name for t in reversed(sentence[:start]) if (name := entity(t))), last)
    for index in range(start, len(sentence)):
        token = sentence[index]
        if (name := entity(token)) is not None:
            return name, index
        if token.kind is TokenKind.WORD and token.text in _PRONOUNS:
            return before, index
        if token.kind is TokenKind.WORD and token.text in ORDINALS:
            following = sentence[index + 1].text if index + 1 < len(sentence) else ""
            return next(iter(mentions.by_ordinal(token.text, following)), None), index
        if token.kind is TokenKind.PUNCTUATION:
            break
    return None, start
