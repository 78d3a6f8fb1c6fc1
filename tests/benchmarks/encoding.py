"""Encoding against sentence-transformers' default, loaded models, in turns; and how far the vectors differ."""

from __future__ import annotations

import numpy as np
from sentence_transformers import SentenceTransformer

from retriever.encoder import MINILM, SentenceEncoder, model_path
from tests.benchmarks.texts import film_texts, news_texts
from tests.benchmarks.timing import median_s, side_by_side

_TURNS = 3
_ALONE = 100


def encoding() -> dict[str, float]:
    """Measure films and, where they are, news."""
    films = film_texts()
    figures = {"encode_1682_items_s": median_s(lambda: SentenceEncoder().encode(films), 3)}  # loading included
    default, ours = SentenceTransformer(model_path(MINILM)), SentenceEncoder()
    for name, texts in (("films", films), ("news", news_texts())):
        if texts:
            figures |= _compared(name, texts, default, ours)
    return figures


def _compared(name: str, texts: list[str], default: SentenceTransformer, ours: SentenceEncoder) -> dict[str, float]:
    reference, rows = default.encode(texts[:64]), ours.encode(texts[:64])  # both are warm from here on

    def run_default() -> None:
        nonlocal reference
        reference = default.encode(texts)

    def run_ours() -> None:
        nonlocal rows
        rows = ours.encode(texts)

    slow, fast, ratio = side_by_side(run_default, run_ours, _TURNS)
    sample = range(0, len(texts), max(1, len(texts) // _ALONE))
    alone = np.concatenate([ours.encode([texts[i]]) for i in sample])
    reference = reference / np.linalg.norm(reference, axis=1, keepdims=True)
    return {
        f"encode_{name}_default_texts_per_s": len(texts) / slow,
        f"encode_{name}_texts_per_s": len(texts) / fast,
        f"encode_{name}_times_default": ratio,
        f"encode_{name}_least_cosine_to_default": float((reference * rows).sum(axis=1).min()),
        f"encode_{name}_least_cosine_alone_to_batch": float((alone * rows[sample]).sum(axis=1).min()),
    }
