"""All recommenders, ours and others', on one exam: the rows of a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from retriever.data import Dataset
from retriever.data.splits import SplitConfig, SplitMethod, split
from retriever.encoder import Embeddings
from retriever.evaluation.peers import Peer, peers
from retriever.evaluation.protocol import KS, Exam, Ranker, ranker_of
from retriever.evaluation.ratings import rating_errors
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig, Loss
from retriever.recommenders.base import Recommender, Training
from retriever.recommenders.factory import DEFAULT, class_of
from retriever.recommenders.hybrid import HybridRecommender
from retriever.recommenders.learning import Choice, HybridConfig, blended, choose
from retriever.recommenders.registry import SingleConfig
from retriever.training_config import TrainingConfig
from retriever.validation import Validation, hold_back
from retriever.workspace import Workspace

Row = dict[str, Any]


class CompareConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a comparison.

    Attributes:
        split: What is held out.
        max_users: At most so many people are judged, drawn at random; 0 is everybody.
        seeds: How often what is random is repeated; rows hold medians.
        peers: Whether other people's recommenders take part.
        parts: Ours, besides the hybrid that is made of them.
    """

    split: SplitConfig = SplitConfig()
    max_users: int = 5000
    seeds: int = 1
    peers: bool = True
    parts: tuple[SingleConfig, ...] = HybridConfig().parts


@dataclass
class Comparison:
    """What came out.

    Attributes:
        dataset: Name of the dataset.
        split: How it was split.
        users: How many people were judged.
        rows: One per recommender.
        notes: What the reader should know, e.g. who could not take part.
    """

    dataset: str
    split: SplitConfig
    users: int = 0
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "dataset": self.dataset,
            "split": msgspec.to_builtins(self.split),
            "users": self.users,
            "default": DEFAULT,
            "rows": self.rows,
            "notes": self.notes,
        }


def compare(dataset: Dataset, embeddings: Embeddings, config: CompareConfig, workspace: Workspace) -> Comparison:
    """Return every recommender's results on one exam.

    Args:
        dataset: Items and behaviours.
        embeddings: float32 [n_items, dimensions], rows of length 1, in the dataset's order.
        config: Settings.
        workspace: Where traces of training go, and who is told about progress.
    """
    runs = [_Run(dataset, embeddings, config, workspace, seed) for seed in range(max(1, config.seeds))]
    found = Comparison(dataset.name, config.split, len(runs[0].exam.asked))
    repeated = [run.rows(everything=n == 0 or run.is_random_split) for n, run in enumerate(runs)]
    for name in repeated[0]:
        found.rows.append(_median([rows[name] for rows in repeated if name in rows]))
    found.notes = runs[0].notes
    return found


class _Run:
    """One exam, for one seed."""

    def __init__(
        self, dataset: Dataset, embeddings: Embeddings, config: CompareConfig, workspace: Workspace, seed: int
    ) -> None:
        self.is_random_split = config.split.method is SplitMethod.RANDOM
        self.notes: list[str] = []
        self._config = config
        self._seed = seed
        self._workspace = workspace.within(f"seed-{seed}")
        cut = split(dataset, msgspec.structs.replace(config.split, seed=config.split.seed + seed))
        self.training = Training(cut.train, embeddings)
        self.exam = Exam.of(self.training, cut, config.max_users or len(cut.held_out))
        self.validation = hold_back(self.training)

    def rows(self, *, everything: bool) -> dict[str, Row]:
        """Return a row per recommender; without ``everything`` only those that depend on the seed."""
        rows: dict[str, Row] = {}
        spent: dict[str, Row] = {}
        choices: dict[str, Choice] = {}
        parts: dict[str, Recommender] = {}
        for part in self._config.parts:
            name = class_of(part).name
            row = spent[name] = Row()
            start = time.perf_counter()
            choices[name] = choose(_seeded(part, self._seed), self.training, self.validation, self._workspace)
            row["tune_s"] = time.perf_counter() - start
            parts[name] = self._fitted(choices[name], row)
            if everything or isinstance(part, AlsConfig | AttentiveConfig):
                rows[name] = self._row(parts[name], dict(row))
        rows[DEFAULT] = self._hybrid(choices, parts, spent)
        if self._has_ratings:
            rows |= self._rating_model()
        if self._config.peers:
            rows |= {peer.name: self._peer(peer) for peer in self._present_peers() if everything or peer.is_random}
        return rows

    def _fitted(self, choice: Choice, row: Row) -> Recommender:
        if choice.fitted is not None:
            # Trained once: it keeps validation users back by itself, so choosing was fitting.
            row["fit_s"], row["tune_s"] = row["tune_s"], 0.0
            return choice.fitted
        start = time.perf_counter()
        fitted = class_of(choice.config).fit(self.training, choice.config, self._workspace)
        row["fit_s"] = time.perf_counter() - start
        return fitted

    def _hybrid(self, choices: dict[str, Choice], parts: dict[str, Recommender], spent: dict[str, Row]) -> Row:
        start = time.perf_counter()
        config, _ = blended(HybridConfig(), choices, self.validation)
        row = Row(tune_s=time.perf_counter() - start + sum(row["tune_s"] for row in spent.values()))
        row["fit_s"] = sum(spent[name]["fit_s"] for name in config.weights)
        used = {name: parts[name] for name in config.weights}
        hybrid = HybridRecommender(config, self.training.catalogue, self.training.dataset.scale, used)
        return self._row(hybrid, row)

    def _row(self, recommender: Recommender, row: Row) -> Row:
        row |= self.exam.judge(ranker_of(recommender), self._progress(recommender.name))
        if self._has_ratings:
            row |= self._errors(recommender)
        return {"recommender": recommender.name, **row, "config": msgspec.to_builtins(recommender.config)}

    def _errors(self, recommender: Recommender) -> Row:
        calibration = (self.validation.histories, self.validation.held_out)
        test = (self.exam.histories, self.exam.held_out)
        found = rating_errors(recommender.scores, self.training.catalogue, calibration, test)
        return Row() if found is None else Row(rmse=found[0], mae=found[1])

    def _rating_model(self) -> dict[str, Row]:
        """Return the deep model trained on ratings: what the others' rating errors are to be compared with."""
        name = "attentive-ratings"
        config = AttentiveConfig(loss=Loss.MSE, training=TrainingConfig(seed=self._seed))
        start = time.perf_counter()
        fitted = class_of(config).fit(self.training, config, self._workspace.within(name))
        row = self._row(fitted, Row(tune_s=0.0, fit_s=time.perf_counter() - start))
        return {name: {**row, "recommender": name}}

    @property
    def _has_ratings(self) -> bool:
        return any(b.value is not None for b in self.training.dataset.behaviours)

    def _present_peers(self) -> list[Peer]:
        all_peers = peers(self._seed)
        self.notes += [
            f"{p.name} did not take part: the package {p.package} is not installed." for p in all_peers if not p.is_here
        ]
        return [peer for peer in all_peers if peer.is_here]

    def _peer(self, peer: Peer) -> Row:
        start = time.perf_counter()
        tried = peer.settings()
        best, reached = tried[0], -1.0
        for number, settings in enumerate(tried if len(tried) > 1 else [], start=1):
            quality = _peer_quality(peer.fit(self.validation.train, settings), self.validation)
            if quality > reached:
                best, reached = settings, quality
            self._workspace.on_stage(f"Choosing settings of {peer.name}", number, len(tried))
        row = Row(tune_s=time.perf_counter() - start)
        start = time.perf_counter()
        ranker = peer.fit(self.training, best)
        row["fit_s"] = time.perf_counter() - start
        return {
            "recommender": peer.name,
            **row,
            **self.exam.judge(ranker, self._progress(peer.name)),
            "config": dict(best),
        }

    def _progress(self, name: str) -> Any:  # noqa: ANN401  a plain function of two numbers
        return lambda done, total: self._workspace.on_stage(f"Judging {name}", done, total)


def _peer_quality(ranker: Ranker, validation: Validation) -> float:
    return validation.quality_of_lists(ranker(validation.asked_histories(), validation.met[validation.asked], max(KS)))


def _seeded(part: SingleConfig, seed: int) -> SingleConfig:
    if isinstance(part, AlsConfig):
        return msgspec.structs.replace(part, seed=part.seed + seed)
    if isinstance(part, AttentiveConfig):
        training = msgspec.structs.replace(part.training, seed=part.training.seed + seed)
        return msgspec.structs.replace(part, training=training)
    return part


def _median(rows: Sequence[Row]) -> Row:
    """Return the median of every number; what is no number is the first's."""
    middle = dict(rows[0])
    for key, value in rows[0].items():
        if isinstance(value, float):
            middle[key] = float(np.median([row[key] for row in rows]))
    return middle
