"""A stand-in for the sentence encoder where a hundred thousand made-up titles need a place, and none has a meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from retriever.encoder import Embeddings, OnProgress

_DIMENSIONS = 384


class WordEncoder:
    """Puts a text at the sum of its words, each of which has a direction of its own: as large as real embeddings.

    Encoding a catalogue is measured elsewhere (``make bench ONLY=encoding``), and takes minutes for so many items.
    """

    name = "words, made up"

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Embeddings:
        """Return float32 [n_texts, 384], rows of length 1."""
        words = [text.lower().replace(",", " ").replace(".", " ").split() for text in texts]
        places = {word: at for at, word in enumerate(dict.fromkeys(word for row in words for word in row))}
        ends = np.cumsum([0, *map(len, words)])
        columns = np.fromiter((places[word] for row in words for word in row), dtype=np.int64, count=int(ends[-1]))
        shape = (len(texts), len(places))
        said = csr_array((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)
        rows = said @ np.stack([_direction(word) for word in places])
        rows[:, 0] += 1e-3  # so that an empty text is somewhere, too
        if on_progress is not None:
            on_progress(len(texts), len(texts))
        unit: Embeddings = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def _direction(word: str) -> Embeddings:
    seed = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    direction: Embeddings = np.random.default_rng(seed).standard_normal(_DIMENSIONS, dtype=np.float32)
    return direction
