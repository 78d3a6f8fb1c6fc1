"""Counts of people: told whole, the right way round, and of those who did so with the count's own behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.writing.gate.mentions import Mentions, entity
from explainer.writing.gate.tokens import Token, TokenKind, segments
from explainer.writing.gate.words import DOINGS, NOUNS_OF_ACTS, ORDINALS, READER

_PRONOUNS = frozenset({"it", "that", "did"})
_LIKING = frozenset({"liked", "like", "liking"})
_DONE = (_LIKING | DOINGS.keys()) - NOUNS_OF_ACTS - {"gave"}  # what people in a count did
_OUT_OF = frozenset({"of", "among"})


def misquoted(sentence: Sequence[Token], mentions: Mentions, last: str | None) -> Iterator[str]:
    """Yield ``count_claim: which`` for every count that is not told whole, once, and as it was counted.

    Args:
        sentence: Tokens of one sentence.
        mentions: What the text names, in order.
        last: What was named last before this sentence.
    """
    slots = [t.text for t in sentence if t.kind is TokenKind.SLOT and t.text.startswith("co")]
    pairs = [slot.split(".")[0] for slot in slots]
    for stem in dict.fromkeys(slot.split(".")[0] for slot in slots):
        once_each = sorted(s for s in slots if s.startswith(f"{stem}.")) == [f"{stem}.m", f"{stem}.n"]
        # The two numbers of a count stand side by side among all of the sentence's.
        apart = pairs.count(stem) == 2 and abs(pairs.index(stem) - (len(pairs) - 1 - pairs[::-1].index(stem))) > 1  # noqa: PLR2004
        if (
            not once_each
            or apart
            or not is_part_of_whole(sentence, stem)
            or not _says_who(sentence, stem, mentions, last)
            or _is_of_another(sentence, stem, last)
        ):
            yield f"count_claim: {stem}"


def is_part_of_whole(sentence: Sequence[Token], stem: str) -> bool:
    """Return whether it is ``n`` out of ``m``: "of" or "among" stands before ``m``, and not before ``n``."""
    texts = [t.text for t in sentence if t.text != "the"]
    return _is_after_of(texts, f"{stem}.m") and not _is_after_of(texts, f"{stem}.n")


def _is_after_of(texts: Sequence[str], slot: str) -> bool:
    at = texts.index(slot)
    return at > 0 and texts[at - 1] in _OUT_OF


def _says_who(sentence: Sequence[Token], stem: str, mentions: Mentions, last: str | None) -> bool:
    """Return whether the count is of people who liked its own behaviour and then the item, in this order."""
    at = min(i for i, t in enumerate(sentence) if t.text in {f"{stem}.n", f"{stem}.m"})
    whos = [i for i, t in enumerate(sentence) if t.text == "who"]
    who = next((i for i in whos if i > at), whos[-1] if whos else None)
    if who is None:
        return False
    condition, end = _referent(sentence, who + 1, mentions, last)
    if condition != stem.replace("co", "b") or _goes_on(sentence, end):
        return False
    again = next((i for i in range(end + 1, len(sentence)) if sentence[i].text in _DONE), None)
    if again is None:
        # "liked by 3 of 4 people who liked it": what they did with the item was said before, or nothing is claimed.
        others = [s for s in segments(sentence) if not READER & {t.text for t in s}]
        said = sum(_says_doing(s, index) for s in others for index in range(len(s)))
        return said > 1 and any(t.text == "item" for t in sentence)
    outcome = next((name for t in sentence[again + 1 :] if (name := entity(t))), None)
    return outcome in {"item", None} or _ends_before(sentence, again)


def _is_of_another(sentence: Sequence[Token], stem: str, last: str | None) -> bool:
    """Return whether the count is told of a behaviour: "{item} is a drama like {b1}, which 9 of 10 people liked"."""
    at = next(i for i, t in enumerate(sentence) if t.text in {f"{stem}.n", f"{stem}.m"})
    if at == 0 or sentence[at - 1].text != "which":
        return False
    return next((name for t in reversed(sentence[:at]) if (name := entity(t))), last) != "item"


def _goes_on(sentence: Sequence[Token], end: int) -> bool:
    """Return whether the condition names another behaviour: "who liked {b1} and {b2}" was not counted."""
    after = sentence[end + 1 : end + 3]
    joined = [t.text for t in after[:1]] in (["and"], [","], ["or"])
    return joined and len(after) > 1 and entity(after[1]) not in {None, "item"}


def _says_doing(segment: Sequence[Token], index: int) -> bool:
    """Return whether a word says what people did; "like" does so only after "to", else it compares."""
    token = segment[index]
    if token.kind is not TokenKind.WORD or (token.text == "like" and (not index or segment[index - 1].text != "to")):
        return False
    return token.text in _DONE


def _ends_before(sentence: Sequence[Token], index: int) -> bool:
    """Return whether the clause ends (or goes on with a pronoun) before the entity after it: "… liked it, and …"."""
    ends = {"it", "the", "this", "too", "one"}
    after = (t for t in sentence[index + 1 :] if entity(t) or t.kind is TokenKind.PUNCTUATION or t.text in ends)
    return entity(next(after)) is None


def _referent(sentence: Sequence[Token], start: int, mentions: Mentions, last: str | None) -> tuple[str | None, int]:
    before = next((name for t in reversed(sentence[:start]) if (name := entity(t))), last)
    for index in range(start, len(sentence)):
        token = sentence[index]
        if (name := entity(token)) is not None:
            return name, index
        if token.text == "like" and index > start:
            break  # "who liked dramas like {b1}" is another count
        if token.kind is TokenKind.WORD and token.text in _PRONOUNS:
            return before, index
        if token.kind is TokenKind.WORD and token.text in ORDINALS:
            following = sentence[index + 1].text if index + 1 < len(sentence) else ""
            return next(iter(mentions.by_ordinal(token.text, following)), None), index
        if token.kind is TokenKind.PUNCTUATION:
            break
    return None, start
