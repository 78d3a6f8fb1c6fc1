"""Texts → batches of about equal work: sorted by tokens, cut by tokens, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_TEXTS_AT_ONCE = 1024
_CHARACTERS_PER_TOKEN = 4


def token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Return how many tokens the model sees of each text, at least 1; a guess where its tokenizer cannot say."""
    tokenizer = getattr(model, "tokenizer", None)
    if not callable(tokenizer):
        return [1 + len(text) // _CHARACTERS_PER_TOKEN for text in texts]
    most = model.max_seq_length
    counts: list[int] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = list(texts[start : start + _TEXTS_AT_ONCE])
        ids = tokenizer(part, truncation=most is not None, max_length=most, return_attention_mask=False)["input_ids"]
        counts += [max(1, len(row)) for row in ids]
    return counts


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Yield the positions of all texts, longest first, in batches of at most ``tokens`` tokens with padding.

    A text longer than ``tokens`` is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, tokens // lengths[order[start]])
        yield order[start : start + size]
        start += size
