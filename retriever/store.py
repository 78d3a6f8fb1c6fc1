"""A fitted recommender as a folder: arrays, catalogue, config, data hash. Numbers about items, and no row of a user."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Item, ValueScale
from retriever.encoder import Embeddings
from retriever.errors import ModelFileError, OtherDataError
from retriever.index import IndexMaker, make_index
from retriever.recommenders.base import Arrays, Recommender
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.factory import AnyConfig, class_of
from retriever.recommenders.hybrid import HybridRecommender
from retriever.recommenders.popularity import PopularityConfig, PopularityRecommender
from retriever.statistics import LikeCounts

_FORMAT = 3
_HAD_ROWS_OF_USERS = 2
_PARTS = ("data", "indices", "indptr", "shape")


class _Card(msgspec.Struct, frozen=True):
    format: int
    name: str
    data_hash: str
    encoder: str
    requested: AnyConfig
    config: AnyConfig
    metrics: dict[str, float]
    scale: ValueScale
    items: tuple[Item, ...]


@dataclass(frozen=True)
class FittedModel:
    """A recommender with what is needed to explain it.

    Attributes:
        recommender: The recommender.
        requested: The settings it was asked for; its own config states what came of them.
        counts: Like counts over the users it was fitted on.
        embeddings: float32 [n_items, dimensions], rows of length 1.
        data_hash: Hash of the dataset it was fitted on.
        encoder: Name of the sentence encoder.
        base: The model as it was fitted, where this one knows items that came later.
    """

    recommender: Recommender
    requested: AnyConfig
    counts: LikeCounts
    embeddings: Embeddings
    data_hash: str
    encoder: str
    base: FittedModel | None = None

    @property
    def fitted(self) -> FittedModel:
        """The model as it was fitted, without items that came later."""
        return self.base or self

    @property
    def takes_later_items(self) -> bool:
        """Whether some part of the recommender can speak for items that come after the fit."""
        return isinstance(self.recommender, HybridRecommender)

    @property
    def version(self) -> str:
        """Return a hash of data, settings and encoder: equal versions score equally."""
        config = msgspec.json.encode(self.recommender.config)
        return hashlib.sha256(b"\x00".join([self.data_hash.encode(), self.encoder.encode(), config])).hexdigest()

    def by_popularity(self) -> PopularityRecommender:
        """Return what ranks by likes alone, whoever asks: the fitted recommender may know other things of nobody."""
        recommender, likes = self.recommender, self.counts.likes.astype(np.float32)
        shares = likes / max(1.0, float(likes.max(initial=0.0)))
        return PopularityRecommender(PopularityConfig(), recommender.catalogue, recommender.scale, shares)

    def extended(self, items: tuple[Item, ...], embeddings: Embeddings, index: IndexMaker = make_index) -> FittedModel:
        """Return the model with items that came after the fit; only the hybrid's content part can speak for them.

        Args:
            items: The new items.
            embeddings: float32 [n_new, dimensions], rows of length 1.
            index: Makes what finds the new ones' nearest.
        """
        if not isinstance(self.recommender, HybridRecommender) or not items:
            return self
        together = np.concatenate([self.embeddings, embeddings])
        recommender = self.recommender.extended(items, together, index)
        counts = self.counts.extended(recommender.catalogue)
        return replace(self, recommender=recommender, counts=counts, embeddings=together, base=self.fitted)

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
        _forget_users(folder)
        return target

    def _write(self, folder: Path) -> None:
        model = self.recommender
        _save_arrays(folder / "recommender.npz", model.arrays())
        _save_arrays(folder / "catalogue.npz", {"embeddings": self.embeddings, **self.counts.arrays()})
        card = _Card(
            _FORMAT,
            model.name,
            self.data_hash,
            self.encoder,
            self.requested,
            model.config,
            model.metrics,
            model.scale,
            model.catalogue.items,
        )
        (folder / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(card)))


def load_model(folder: Path, data_hash: str | None = None) -> FittedModel:
    """Return the current model under a folder.

    Args:
        folder: Where models are saved.
        data_hash: Hash of the dataset that the model must have been fitted on; None accepts any.

    Raises:
        OtherDataError: If it was fitted on other data.
        ModelFileError: If there is none, or it cannot be read.
    """
    try:
        source = folder / (folder / "current").read_text(encoding="utf-8").strip()
        _check_format(folder, (source / "model.json").read_bytes())
        card = msgspec.json.decode((source / "model.json").read_bytes(), type=_Card)
        learnt, own = _load_arrays(source / "recommender.npz"), _load_arrays(source / "catalogue.npz")
        catalogue = Catalogue(card.items)
        recommender = class_of(card.config).restore(card.config, catalogue, card.scale, learnt)
        counts, embeddings = LikeCounts.restore(catalogue, own), np.asarray(own["embeddings"])
    except FileNotFoundError as error:
        raise ModelFileError(f"There is no fitted recommender under {folder}; make one with: explainer fit") from error
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, msgspec.DecodeError) as error:
        raise ModelFileError(
            f"The recommender under {folder} is damaged ({error}); fit again: explainer fit"
        ) from error
    if data_hash is not None and data_hash != card.data_hash:
        raise OtherDataError(
            f"The recommender under {folder} was fitted on other data (hash {card.data_hash[:12]}…) than this "
            f"(hash {data_hash[:12]}…); fit again: explainer fit"
        )
    recommender.metrics = card.metrics
    return FittedModel(recommender, card.requested, counts, embeddings, card.data_hash, card.encoder)


def _check_format(folder: Path, card: bytes) -> None:
    found = _format(card)
    if found != _FORMAT:
        raise ModelFileError(
            f"The recommender under {folder} has format {found}, not {_FORMAT}; fit again: explainer fit"
        )


def _format(card: bytes) -> Any:  # noqa: ANN401  whatever stands there
    return msgspec.json.decode(card, type=dict[str, Any]).get("format")


def _forget_users(folder: Path) -> None:
    """Remove models of the time when a row of likes was kept of everybody, also of those who were erased since."""
    for card in folder.glob("*/model.json"):
        with contextlib.suppress(OSError, msgspec.DecodeError):  # what cannot be read is no model of ours
            if _format(card.read_bytes()) in range(_HAD_ROWS_OF_USERS + 1):
                shutil.rmtree(card.parent)


def _save_arrays(path: Path, arrays: Arrays) -> None:
    flat: dict[str, npt.NDArray[Any]] = {}
    for name, array in arrays.items():
        if isinstance(array, csr_array):
            flat |= {f"{name}:{part}": np.asarray(getattr(array, part)) for part in _PARTS}
        else:
            flat[name] = array
    np.savez(path, **flat)  # type: ignore[arg-type]


def _load_arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as stored:
        flat = dict(stored)
    arrays: dict[str, npt.NDArray[Any] | csr_array] = {name: a for name, a in flat.items() if ":" not in name}
    for name in {name.rsplit(":", 1)[0] for name in flat if ":" in name}:
        data, indices, indptr, shape = (flat[f"{name}:{part}"] for part in _PARTS)
        arrays[name] = csr_array((data, indices, indptr), shape=tuple(shape))
    return arrays
