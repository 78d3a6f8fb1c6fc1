"""Ranks, shares of the rest, names of model and method: each in the few phrases in which it is sure to be true.

Only support agents and auditors read these; their texts are reports, so little freedom is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences

_ALL = frozenset({"them", "both", "these", "all", "cited"})
_LEFT = frozenset({"rest", "remainder", "remaining", "other", "others", "else", "left", "remains"})
_METHODS = frozenset({"by", "method", "with", "using", "through", "from", "is", "was", "attribution"})
_MODELS = frozenset({"by", "model", "recommender", "from", "is", "was", "under", "with"})
_WRITERS = frozenset({"by", "writer", "from", "is", "was"})
_BEFORE = {"model": _MODELS, "method": _METHODS, "writer": _WRITERS}
# A clause may also start with the name: "{model} ranked it {rank} of {n}".
_AFTER = {
    "model": frozenset({"ranked", "ranks", "placed"}),
    "method": frozenset({"attributed", "attributes", "assigns", "credits"}),
    "writer": frozenset({"wrote"}),
}
_SHARED_OUT = (
    "share", "shares", "attribution", "attributed", "cited", "cause", "causes", "behaviour", "behaviours", "list",
    "links", "method", "association", "record", "remainder", "rest",
)  # fmt: skip
# What each name answers for: the ranking, the shares, the text.
_TOPICS = {
    "model": frozenset({"rank", "ranks", "ranked", "ranking", "n", "recommender", "model", "placed"}),
    "method": frozenset(_SHARED_OUT),
    "writer": frozenset({"text", "writer", "written", "wrote", "words", "gate", "passed", "reads"}),
}
_OF_N = (["of"], ["out", "of"], ["of", "the"], ["among", "the"])
# Between a behaviour and a rank these would say that the behaviour has it: "{b1} ranked {rank}".
_HAS_RANK = frozenset({"ranked", "ranks", "rank", "at", "in", "is", "was", "came", "place", "as"})


def misranked(tokens: Sequence[Token], causes: Sequence[str]) -> Iterator[str]:
    """Yield ``misplaced: slot`` for every such slot outside of its phrases.

    Args:
        tokens: The draft.
        causes: Slots of the behaviours without which ``{cf.rank}`` holds.
    """
    for sentence in sentences(tokens):
        for index, token in enumerate(sentence):
            if token.kind is TokenKind.SLOT and not _fits(sentence, index, causes):
                yield f"misplaced: {token.text}"
        for segment in segments(sentence):
            texts = {t.text for t in segment}
            if "rest.share" in texts and not texts & _LEFT and not _is_labelled_rest(sentence):
                yield "misplaced: rest.share"


def _is_labelled_rest(sentence: Sequence[Token]) -> bool:
    """Return whether the share stands as in "remainder: {rest.share}", where the colon ends a segment."""
    texts = [t.text for t in sentence]
    label, colon = texts.index("rest.share") - 2, texts.index("rest.share") - 1
    return label >= 0 and texts[label] in _LEFT and texts[colon] == ":"


def _fits(sentence: Sequence[Token], index: int, causes: Sequence[str]) -> bool:
    texts = [t.text for t in sentence]
    slot, before, after = texts[index], texts[:index], texts[index + 1 :]
    if slot == "rank":
        hypothetical = "without" in before or "would" in before
        return not hypothetical and not _is_of_behaviour(before, after)
    if slot == "n":
        # "{rank} of {n}", or "Of {n} products, … {rank}" where a sentence starts so.
        return any(before[-len(p) - 1 :] == ["rank", *p] or (before == p and "rank" in after) for p in _OF_N)
    if slot == "cf.rank":
        clause = _clause(texts, index)
        return "without" in clause and "would" in before and (set(causes) <= set(clause) or bool(_ALL & set(clause)))
    if slot in _BEFORE:
        return (_is_labelled(slot, before) and _is_about(slot, before, after)) or (
            _starts_clause(before) and "".join(after[:1]) in _AFTER[slot]
        )
    return True


def _clause(texts: Sequence[str], index: int) -> Sequence[str]:
    """Return the words around a place, up to a semicolon or colon on either side."""
    start = max((n + 1 for n in range(index) if texts[n] in {";", ":"}), default=0)
    end = next((n for n in range(index, len(texts)) if texts[n] in {";", ":"}), len(texts))
    return texts[start:end]


def _is_of_behaviour(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether a rank is said of a cited behaviour: only the recommended item has one."""
    nearest = next((t for t in reversed(before) if t not in _HAS_RANK and not t.endswith((".share", ".value"))), "")
    return _is_behaviour(nearest) or (after[:1] == ["for"] and _is_behaviour("".join(after[1:2])))


def _is_behaviour(text: str) -> bool:
    return len(text) == len("b1") and text[0] == "b" and text[1].isdigit()


def _is_labelled(slot: str, before: Sequence[str]) -> bool:
    """Return whether a label such as "model" or "by" stands before the name; a colon may stand between."""
    labels = before[:-1] if before[-1:] == [":"] else before
    return bool(labels) and labels[-1] in _BEFORE[slot]


def _is_about(slot: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether what is nearest before the name (else after it) is what that name answers for."""
    for text in (*reversed(before), *after):
        topic = next((name for name, words in _TOPICS.items() if text in words or _is_figure(text, name)), None)
        if topic is not None:
            return topic == slot
    return True


def _is_figure(text: str, name: str) -> bool:
    return name == "method" and (text.endswith(".share") or _is_behaviour(text))


def _starts_clause(before: Sequence[str]) -> bool:
    return not before or before[-1] in {",", ";", ":", "and"}
