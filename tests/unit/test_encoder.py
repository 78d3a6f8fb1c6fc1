"""Embeddings: computed once per text, kept on disk, unit length, and near for what is near in meaning."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from retriever.batching import batches
from retriever.data import Item
from retriever.encoder import CachedEncoder, SentenceEncoder, item_text, model_path
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


TEXTS = (
    "a film about space travel",
    "a movie about astronauts",
    "a recipe for onion soup",
    "Heat (1995). crime, drama. A heist that goes wrong, and the two men on either side of it.",
    "短い",
    "流浪地球",
    "Ein Buch über das Segeln im Winter",
    "שלום עולם",
    "🚀 " * 400,
    "👩‍👩‍👧‍👦",
    "",
    " \n\t ",
    "null\x00byte",
    "\x00",
    "half a pair \ud83d",
    "\u202ebackwards\u202c",
    "word " * 20_000,
    "x" * 10_000,
    "<script>alert('x')</script>",
    "12345.678e-9",
    *(f"Garden tool number {n}, {'steel ' * n}handle" for n in range(1, 40, 3)),
)


@pytest.fixture(scope="module")
def exact():
    return SentenceEncoder(precision="float32")


@pytest.fixture(scope="module")
def fast():
    return SentenceEncoder(precision="bfloat16")


def test_the_real_encoder_knows_what_is_near():
    calls = []
    rows = SentenceEncoder(batch_tokens=16).encode(TEXTS[:5], lambda done, of: calls.append((done, of)))
    assert rows.shape == (5, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    assert calls == sorted(calls)
    assert len(calls) > 1
    assert calls[-1] == (5, 5)


def test_float32_is_what_sentence_transformers_computes(exact):
    reference = SentenceTransformer(model_path("minilm")).encode([t.replace("\ud83d", "?") for t in TEXTS])
    assert (exact.encode(TEXTS) * reference).sum(axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_bfloat16_is_close_to_float32_for_every_text(exact, fast):
    rows = fast.encode(TEXTS)
    cosines = (exact.encode(TEXTS) * rows).sum(axis=1)
    assert cosines.min() >= 0.999
    assert cosines.min() < 1 - 1e-6  # it is another precision, not float32 under its name
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-6)


@pytest.mark.parametrize(("which", "least"), [("exact", 1 - 1e-5), ("fast", 0.9995)])
def test_what_else_is_in_the_batch_changes_a_text_by_rounding_only(which, least, request):
    encoder = request.getfixturevalue(which)
    texts = TEXTS[:13]  # the longest has 256 tokens, the shortest 2
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    padded = SentenceEncoder(precision=encoder.precision, batch_tokens=10**9).encode(texts)
    assert (together * alone).sum(axis=1).min() >= least
    assert (padded * alone).sum(axis=1).min() >= least


def test_the_precision_is_in_the_name_so_caches_do_not_mix(exact, fast, tmp_path):
    assert (exact.name, fast.name) == ("minilm", "minilm, bfloat16")
    assert SentenceEncoder().name in {exact.name, fast.name}
    for encoder in (exact, fast):
        CachedEncoder(encoder, tmp_path).encode(TEXTS[:2])
    assert len(list(tmp_path.glob("*.npz"))) == 2


@pytest.mark.parametrize(
    ("flags", "cuda", "expected"),
    [
        ({"avx512_bf16": True}, None, "bfloat16"),
        ({"amx_bf16": True, "avx512_bf16": False}, None, "bfloat16"),
        ({"avx512_bf16": False, "avx512_f": True, "avx2": True}, None, "float32"),
        ({"architecture": "aarch64", "bf16": True}, None, "float32"),
        ({}, True, "bfloat16"),
        ({"avx512_bf16": True}, False, "float32"),
    ],
)
def test_auto_is_bfloat16_only_where_the_hardware_has_it(flags, cuda, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda is not None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bool(cuda))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert SentenceEncoder().precision == expected
    assert SentenceEncoder(precision="float32").precision == "float32"


def test_an_unknown_precision_is_a_clear_error():
    with pytest.raises(EncoderError, match=r"'int4'.*auto, float32, bfloat16"):
        SentenceEncoder(precision="int4")


def test_a_warm_cache_loads_no_model(tmp_path, monkeypatch):
    rows = CachedEncoder(SentenceEncoder(precision="float32"), tmp_path).encode(TEXTS[:2])
    cold = SentenceEncoder(precision="float32")
    assert np.array_equal(CachedEncoder(cold, tmp_path).encode(TEXTS[:2]), rows)
    assert "_model" not in vars(cold)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_a_model_that_gives_no_direction_is_refused_with_the_text(value):
    encoder = SentenceEncoder(precision="float32")
    with torch.no_grad():
        encoder._model[0].auto_model.embeddings.LayerNorm.weight.fill_(value)
        encoder._model[0].auto_model.encoder.layer[-1].output.LayerNorm.weight.fill_(value)
        encoder._model[0].auto_model.encoder.layer[-1].output.LayerNorm.bias.fill_(0)
    with pytest.raises(EncoderError, match=r"2 of 2 texts, first 'onion soup'.*EXPLAINER_ENCODER_PRECISION"):
        encoder.encode(["onion soup", "x"])


@given(lengths=st.lists(st.integers(1, 60), max_size=80), tokens=st.integers(1, 200))
def test_batches_hold_every_text_once_within_the_budget(lengths, tokens):
    made = list(batches(lengths, tokens))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    longest = [max(lengths[i] for i in batch) for batch in made]
    assert longest == sorted(longest, reverse=True)
    assert all(len(b) == 1 or len(b) * most <= tokens for b, most in zip(made, longest, strict=True))


def test_a_missing_encoder_is_a_clear_error():
    with pytest.raises(EncoderError, match="no/such/encoder"):
        SentenceEncoder("no/such/encoder").encode(["x"])
