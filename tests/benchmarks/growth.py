"""How cost grows: seconds to fit, milliseconds to score one history and peak memory, against the number of items.

Each measurement is a process of its own, so that its peak memory is its own. Once a fit takes longer than the limit,
larger catalogues are left out for that recommender.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from retriever.data import Behaviour, BehaviourKind, Dataset, Item
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import Training
from retriever.recommenders.factory import class_of, config_named
from retriever.training_config import TrainingConfig
from tests.benchmarks.timing import median_s

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
USERS, BEHAVIOURS, DIMENSIONS = 2_000, 30, 64
LIMIT_S = 300.0
NAMES = ("ease", "item_knn", "als", "content", "attentive", "popularity")
_INK = ("#1f5f5b", "#c2410c", "#6d4aa3", "#3573b1", "#8a6d1c", "#8a8f98")


def synthetic(n_items: int) -> Training:
    """Return made-up data: 2,000 people with 30 behaviours each, long-tailed items, clustered embeddings."""
    rng = np.random.default_rng(0)
    items = tuple(Item(str(n), f"Item {n}") for n in range(n_items))
    columns = np.minimum((n_items * rng.random((USERS, BEHAVIOURS)) ** 3).astype(int), n_items - 1)
    behaviours = tuple(
        Behaviour(f"{user}-{at}", str(user), str(column), BehaviourKind.PURCHASE, at + 1)
        for user, row in enumerate(columns)
        for at, column in enumerate(row)
    )
    centres = rng.normal(size=(200, DIMENSIONS)).astype(np.float32)
    vectors = centres[rng.integers(0, len(centres), n_items)] + rng.normal(size=(n_items, DIMENSIONS)).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Training(Dataset("synthetic", "shop", items, behaviours), vectors)


def measure(name: str, n_items: int) -> dict[str, float]:
    """Return the figures of one recommender; one pass over the examples stands for the deep model's training."""
    training = synthetic(n_items)
    len(training.histories), training.liked.nnz
    config = AttentiveConfig(training=TrainingConfig(epochs=1)) if name == "attentive" else config_named(name)
    start = time.perf_counter()
    recommender = class_of(config).fit(training, config)
    fit_s = time.perf_counter() - start
    histories = random.Random(0).sample(training.histories, 8)
    score_s = median_s(lambda: [recommender.scores([h]) for h in histories]) / len(histories)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"fit_s": fit_s, "score_ms": 1000 * score_s, "peak_mb": peak}


def growth(
    out: Path, names: Sequence[str] = NAMES, sizes: Sequence[int] = SIZES
) -> dict[str, dict[int, dict[str, float]]]:
    """Measure all recommenders at all sizes they finish in time, and draw the picture."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for name in names:
        found[name] = {}
        for size in sizes:
            command = [sys.executable, "-m", "tests.benchmarks.growth", name, str(size)]
            answer = subprocess.run(command, check=False, capture_output=True, text=True)
            if answer.returncode != 0:
                break  # out of memory: a size this recommender is not for
            found[name][size] = json.loads(answer.stdout.splitlines()[-1])
            if found[name][size]["fit_s"] > LIMIT_S:
                break
        draw(found, out)
    return found


def draw(found: dict[str, dict[int, dict[str, float]]], path: Path) -> None:
    """Write the picture: three panels, logarithmic both ways."""
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    labels = {"fit_s": "seconds to fit", "score_ms": "ms to score one history", "peak_mb": "peak memory (MB)"}
    for axes, (key, label) in zip(figure.subplots(1, 3), labels.items(), strict=True):
        for (name, figures), colour in zip(found.items(), _INK, strict=False):
            sizes = sorted(figures)
            axes.plot(sizes, [figures[size][key] for size in sizes], "o-", color=colour, markersize=4, label=name)
        axes.set(xscale="log", yscale="log", xlabel="items", ylabel=label)
        axes.grid(color="#dddddd", linewidth=0.5)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right", frameon=False)
    figure.suptitle(f"How cost grows with the catalogue ({USERS:,} people, {BEHAVIOURS} behaviours each)", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]))) + "\n")
