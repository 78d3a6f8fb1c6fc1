"""GGUF files of Llama models: how their tensors are called and stored, beside the Hugging Face ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGUFEndian, GGUFReader
from gguf.gguf_reader import ReaderTensor
from gguf.quants import dequantize

from explainer.errors import AssetError
from explainer.writing.engines.safetensors_file import Floats

_LAYERS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_HEADS = {"attn_q": "llama.attention.head_count", "attn_k": "llama.attention.head_count_kv"}
_ROWS = 4096


class _Reader(GGUFReader):  # type: ignore[misc]  # has no types
    """The library's reader on a plain view of the file: ``numpy.memmap`` makes each of its 250,000 small cuts slow."""

    @property
    def data(self) -> npt.NDArray[np.uint8]:
        return self._data

    @data.setter
    def data(self, mapped: npt.NDArray[np.uint8]) -> None:
        self._data = mapped.view(np.ndarray)


def open_gguf(path: Path) -> GGUFReader:
    """Return a reader of the file; tensors stay on disk until they are asked for.

    Raises:
        AssetError: If the file is missing, damaged, or not a Llama model.
    """
    if not path.is_file():
        raise AssetError(f"There is no model file at {path}.")
    try:
        reader = _Reader(path)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise AssetError(f"{path} is no GGUF file, or a damaged one: {error}. Copy it anew.") from error
    kind = text_field(reader, "general.architecture")
    if kind != "llama" or reader.endianess is not GGUFEndian.LITTLE:
        raise AssetError(f"{path} holds a model of the kind {kind!r}; only little-endian llama files can be merged.")
    return reader


def text_field(reader: GGUFReader, key: str) -> str:
    """Return a field of the file's metadata, empty if it is not there."""
    field = reader.get_field(key)
    return "" if field is None else str(field.contents())


def hf_name(name: str) -> str | None:
    """Return what a GGUF tensor is called in a Hugging Face model; None for tables that are computed there."""
    if found := re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name):
        layer, part, kind = found.groups()
        return f"model.layers.{layer}.{_LAYERS[part]}.{kind}" if part in _LAYERS else None
    part, _, kind = name.partition(".")
    return f"{_WHOLE[part]}.{kind}" if part in _WHOLE else None


def heads_of(reader: GGUFReader, name: str) -> int | None:
    """Return the heads that a tensor's rows belong to if they are permuted, i.e. for queries and keys."""
    key = next((key for part, key in _HEADS.items() if f".{part}." in name), None)
    field = key and reader.get_field(key)
    return int(field.contents()) if field else None


def permuted(rows: Floats, heads: int | None) -> Floats:
    """Return the rows in GGUF order: within a head, Hugging Face has first halves first, GGUF pairs side by side.

    Both orders serve rotary embedding (llama.cpp's ``convert_hf_to_gguf.py``, ``LlamaModel.permute``).
    """
    return rows if heads is None else _swapped(rows, heads, 2, rows.shape[0] // heads // 2)


def unpermuted(rows: Floats, heads: int | None) -> Floats:
    """Return the rows in Hugging Face order, see :func:`permuted`."""
    return rows if heads is None else _swapped(rows, heads, rows.shape[0] // heads // 2, 2)


def _swapped(rows: Floats, heads: int, first: int, second: int) -> Floats:
    cut = rows.reshape(heads, first, second, *rows.shape[1:])
    return cut.swapaxes(1, 2).reshape(rows.shape)


def dequantised(tensor: ReaderTensor) -> Iterator[Floats]:
    """Yield a tensor's numbers a few thousand rows at a time, in stored order.

    Raises:
        AssetError: If it is stored in a way that the gguf library cannot read.
    """
    for start in range(0, len(tensor.data), _ROWS):
        try:
            yield dequantize(tensor.data[start : start + _ROWS], tensor.tensor_type)
        except NotImplementedError as error:
            raise AssetError(f"{tensor.name} is stored as {tensor.tensor_type.name}, which can't be read.") from error


def whole(tensor: ReaderTensor) -> Floats:
    """Return all of a tensor's numbers, [rows, columns]."""
    return np.concatenate(list(dequantised(tensor)))
