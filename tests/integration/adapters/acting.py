"""Adapters as ``explainer tune`` leaves them, with weights of three numbers: they can be registered and promoted."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from safetensors.numpy import save_file

from explainer.loading import make_adapters
from explainer.settings import Settings


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_adapter(folder, base, number=0.0, **card):
    """Make a folder that holds an adapter of a base model, by its hash; return the folder and the adapter's version."""
    folder.mkdir()
    save_file({"w": np.full(3, number)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text("{}")
    version = sha((folder / "adapter_model.safetensors").read_bytes())
    facts = {"adapter_hash": version, "base_hash": base, "corpus_hash": "c" * 64, "base_model": "smollm2"}
    facts |= {"date": "2026-01-02", "config": {"rank": 2}, "gate": {"first_try": 0.75}} | card
    (folder / "card.json").write_text(json.dumps(facts))
    return folder, version


def labels(home):
    return {row.version: row.label for row in make_adapters(Settings(home=home)).all()}
