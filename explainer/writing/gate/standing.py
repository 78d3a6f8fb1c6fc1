"""Ranks, shares of the rest, names of model and method: each in the few phrases in which it is sure to be true.

Only support agents and auditors read these; their texts are reports, so little freedom is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences

_ALL = frozenset({"them", "both", "these", "all", "cited"})
_LEFT = frozenset({"rest", "remainder", "remaining", "other", "others", "else", "left", "remains"})
_METHODS = frozenset({"by", "method", "with", "using", "through", "from", "is", "was"})
_MODELS = frozenset({"by", "model", "recommender", "from", "is", "was", "under", "with"})
_WRITERS = frozenset({"by", "writer", "from", "is", "was"})
_BEFORE = {"model": _MODELS, "method": _METHODS, "writer": _WRITERS}


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
            if "rest.share" in texts and not texts & _LEFT:
                yield "misplaced: rest.share"


def _fits(sentence: Sequence[Token], index: int, causes: Sequence[str]) -> bool:
    texts = [t.text for t in sentence]
    slot, before = texts[index], texts[:index]
    if slot == "rank":
        return "without" not in before and "would" not in before
    if slot == "n":
        return before[-2:] == ["rank", "of"] or before[-3:] in (["rank", "out", "of"], ["rank", "among", "the"])
    if slot == "cf.rank":
        return "without" in texts and "would" in before and (set(causes) <= set(texts) or bool(_ALL & set(texts)))
    if slot in _BEFORE:
        return bool(before) and before[-1] in _BEFORE[slot]
    return True
