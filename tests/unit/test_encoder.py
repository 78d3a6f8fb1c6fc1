"""Embeddings: computed once per text, kept on disk, unit length, and near for what is near in meaning."""

from __future__ import annotations

import numpy as np
import pytest

from retriever.data import Item
from retriever.encoder import CachedEncoder, SentenceEncoder, item_text
from retriever.errors import EncoderError
from tests.conftest import HashEncoder


class CountingEncoder(HashEncoder):
    def __init__(self):
        self.seen = []

    def encode(self, texts, on_progress=None):
        self.seen += texts
        return super().encode(texts, on_progress)


def test_a_text_is_encoded_once_whatever_the_order_and_the_process(tmp_path):
    first = CountingEncoder()
    rows = CachedEncoder(first, tmp_path).encode(["a b", "c", "a b"])
    assert first.seen == ["a b", "c"]
    assert np.array_equal(rows[0], rows[2])
    second = CountingEncoder()
    again = CachedEncoder(second, tmp_path).encode(["c", "d", "a b"])
    assert second.seen == ["d"]
    assert np.array_equal(again[[2, 0]], rows[:2])


def test_progress_ends_at_all_also_from_the_cache(tmp_path):
    for _ in range(2):
        calls = []
        CachedEncoder(HashEncoder(), tmp_path).encode(
            ["x", "y"], lambda done, of, calls=calls: calls.append((done, of))
        )
        assert calls[-1] == (2, 2)


def test_a_damaged_cache_is_only_lost_time(tmp_path):
    encoder = CachedEncoder(HashEncoder(), tmp_path)
    rows = encoder.encode(["x"])
    (file,) = tmp_path.glob("*.npz")
    whole = file.read_bytes()
    for damaged in (b"", b"not an archive", whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        assert np.array_equal(encoder.encode(["x"]), rows)


def test_two_encoders_do_not_mix(tmp_path):
    other = CountingEncoder()
    other.name = "other"
    CachedEncoder(HashEncoder(), tmp_path).encode(["x"])
    CachedEncoder(other, tmp_path).encode(["x"])
    assert other.seen == ["x"]


def test_no_texts(tmp_path):
    assert len(CachedEncoder(HashEncoder(), tmp_path).encode([])) == 0


def test_an_items_text_leaves_out_what_is_not_there():
    assert item_text(Item("1", "Heat", ("crime", "drama"), 1995, "A heist.")) == "Heat (1995). crime, drama. A heist."
    assert item_text(Item("1", "Heat")) == "Heat"


def test_the_real_encoder_knows_what_is_near():
    calls = []
    texts = ["a film about space travel", "a movie about astronauts", "a recipe for onion soup", "短い", "🚀 " * 400]
    rows = SentenceEncoder(batch_size=2).encode(texts, lambda done, of: calls.append(done))
    assert rows.shape == (5, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5), abs=1e-4)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert calls == [2, 4, 5]


def test_a_missing_encoder_is_a_clear_error():
    with pytest.raises(EncoderError, match="no/such/encoder"):
        SentenceEncoder("no/such/encoder").encode(["x"])
