"""Which base model it is: one hash for the same weights, however they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from gguf import GGUFReader

from explainer.errors import AssetError
from explainer.writing.engines.llama_gguf import dequantised, heads_of, hf_name, open_gguf, unpermuted, whole
from explainer.writing.engines.safetensors_file import Floats, read_safetensors

_Part = tuple[str, Iterable[Floats]]


def weights_hash(source: Path | str) -> str:
    """Return a SHA-256 over the names and numbers of a model's tensors; of the name if it is not local.

    Numbers are rounded to bfloat16 and take their Hugging Face names and order, so that a GGUF file and what
    transformers unpacks from it are recognised as the same base.

    Args:
        source: A GGUF file, a folder with safetensors, or a hub name.

    Raises:
        AssetError: If files are damaged.
    """
    if isinstance(source, str):
        return hashlib.sha256(source.encode()).hexdigest()
    return gguf_hash(open_gguf(source)) if source.is_file() else _hashed(_of_folder(source))


def gguf_hash(reader: GGUFReader) -> str:
    """Return the same of a file that is open already: opening one takes as long as reading its numbers.

    Raises:
        AssetError: If its tensors are stored in a way that cannot be read.
    """
    return _hashed(_of_gguf(reader))


def _hashed(tensors: Iterable[_Part]) -> str:
    digest = hashlib.sha256()
    for name, parts in tensors:
        digest.update(f"\x00{name}\x00".encode())
        for part in parts:
            digest.update(_bfloat16(part))
    return digest.hexdigest()


def _of_folder(folder: Path) -> Iterator[_Part]:
    tensors = {name: read for file in folder.glob("*.safetensors") for name, read in read_safetensors(file).items()}
    if not tensors:
        raise AssetError(f"There are no weights (*.safetensors) in {folder}.")
    for name in sorted(tensors):
        yield name, [tensors[name]()]


def _of_gguf(reader: GGUFReader) -> Iterator[_Part]:
    named = {name: tensor for tensor in reader.tensors if (name := hf_name(tensor.name))}
    for name, tensor in sorted(named.items()):
        heads = heads_of(reader, tensor.name)
        yield name, dequantised(tensor) if heads is None else [unpermuted(whole(tensor), heads)]


def _bfloat16(numbers: Floats) -> bytes:
    """Return the numbers rounded to the nearest bfloat16, ties to even, as torch does."""
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
