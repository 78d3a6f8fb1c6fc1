"""A fitted recommender as a folder: arrays, catalogue, config, data hash. Numbers only; no user is in it by name."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import msgspec
import numpy as np
from scipy.sparse import csr_array, load_npz, save_npz

from retriever.data import Item, ValueScale
from retriever.errors import ModelFileError
from retriever.recommenders import Catalogue, HybridConfig, HybridRecommender
from retriever.statistics import LikeCounts

_FORMAT = 1


class _Card(msgspec.Struct, frozen=True):
    format: int
    name: str
    data_hash: str
    encoder: str
    config: HybridConfig
    scale: ValueScale
    items: tuple[Item, ...]


@dataclass(frozen=True)
class FittedModel:
    """A recommender with what is needed to explain it.

    Attributes:
        recommender: The recommender.
        counts: Like counts over the users it was fitted on.
        embeddings: float32 [n_items, dimensions], rows of length 1.
        data_hash: Hash of the dataset.
        encoder: Name of the sentence encoder.
    """

    recommender: HybridRecommender
    counts: LikeCounts
    embeddings: np.ndarray[tuple[int, int], np.dtype[np.float32]]
    data_hash: str
    encoder: str

    @property
    def version(self) -> str:
        """Return a hash of data, settings and encoder: equal versions score equally."""
        config = msgspec.json.encode(self.recommender.config)
        return hashlib.sha256(b"\x00".join([self.data_hash.encode(), self.encoder.encode(), config])).hexdigest()

    def save(self, folder: Path) -> Path:
        """Write the model under ``folder`` in a subfolder named by its version, and return that subfolder."""
        target = folder / self.version[:16]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            self._write(Path(scratch))
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(scratch, target)
        # The pointer moves last and at once, so a reader never sees half a model.
        pointer = folder / "current.part"
        pointer.write_text(target.name, encoding="utf-8")
        pointer.replace(folder / "current")
        return target

    def _write(self, folder: Path) -> None:
        model = self.recommender
        np.savez(
            folder / "dense.npz",
            ease=model.ease.matrix,
            popularity=model.popularity,
            embeddings=self.embeddings,
        )
        save_npz(folder / "content.npz", csr_array(model.content.matrix))
        save_npz(folder / "liked.npz", csr_array(self.counts.liked))
        card = _Card(
            _FORMAT,
            model.name,
            self.data_hash,
            self.encoder,
            model.config,
            model.scale,
            model.catalogue.items,
        )
        (folder / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(card)))


def load_model(folder: Path) -> FittedModel:
    """Return the current model under a folder.

    Raises:
        ModelFileError: If there is none, or it cannot be read.
    """
    try:
        source = folder / (folder / "current").read_text(encoding="utf-8").strip()
        card = msgspec.json.decode((source / "model.json").read_bytes(), type=_Card)
        with np.load(source / "dense.npz", allow_pickle=False) as dense:
            ease, popularity, embeddings = dense["ease"], dense["popularity"], dense["embeddings"]
        content, liked = (
            csr_array(load_npz(source / "content.npz")),
            csr_array(load_npz(source / "liked.npz")),
        )
    except FileNotFoundError as error:
        raise ModelFileError(f"There is no fitted recommender under {folder}; make one with: explainer fit") from error
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, msgspec.DecodeError) as error:
        raise ModelFileError(
            f"The recommender under {folder} is damaged ({error}); fit again: explainer fit"
        ) from error
    if card.format != _FORMAT:
        raise ModelFileError(f"The recommender under {folder} has format {card.format}, not {_FORMAT}; fit again.")
    catalogue = Catalogue(card.items)
    recommender = HybridRecommender(card.config, catalogue, card.scale, ease, content, popularity)
    return FittedModel(recommender, LikeCounts(catalogue, liked), embeddings, card.data_hash, card.encoder)
