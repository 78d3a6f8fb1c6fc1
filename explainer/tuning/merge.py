"""Base weights plus LoRA deltas, read and written tensor by tensor.

Tensors that the adapter touches are de-quantised, get their delta and are stored as Q8_0 (blocks of 32 numbers with one
scale, off by at most half a step). So are the others that are stored in fewer bits: OpenVINO reads Q8_0 as it is, but
rounds the minima of Q4_1 and its kin to whole steps, which cost 15 of 100 first drafts at the gate. Everything else,
all metadata included, is copied as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, Keys, LlamaFileType
from gguf.gguf_reader import ReaderTensor
from gguf.quants import quant_shape_to_byte_shape, quantize

from explainer.errors import AssetError
from explainer.tuning.lora import Delta
from explainer.writing.engines.llama_gguf import dequantised, heads_of, permuted, text_field, whole

_Q8_0 = GGMLQuantizationType.Q8_0
_BLOCK = GGML_QUANT_SIZES[_Q8_0][0]
_AS_THEY_ARE = {_Q8_0, GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.BF16}

OnTensor = Callable[[int, int], None]
"""Called after every tensor with (tensors done, tensors in all)."""


def write_merged(
    reader: GGUFReader, deltas: Mapping[str, Delta], fields: Mapping[str, str], path: Path, on_tensor: OnTensor | None
) -> None:
    """Write the merged file.

    Args:
        reader: The base.
        deltas: What to add, by the tensor's name in the base.
        fields: Metadata to add or replace; it comes first.
        path: The new file.
        on_tensor: Told about progress.

    Raises:
        AssetError: If a tensor is stored in a way that can't be read, or has rows that Q8_0 can't hold.
        OSError: If the file can't be written.
    """
    writer = GGUFWriter(path, text_field(reader, Keys.General.ARCHITECTURE))
    writer.data_alignment = int(reader.alignment)
    _copy_fields(reader, writer, fields)
    anew = [t.name in deltas or t.tensor_type not in _AS_THEY_ARE for t in reader.tensors]
    for tensor, changes in zip(reader.tensors, anew, strict=True):
        _announce(writer, tensor, changes=changes)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for done, (tensor, changes) in enumerate(zip(reader.tensors, anew, strict=True), 1):
            writer.write_tensor_data(_stored(reader, tensor, deltas.get(tensor.name)) if changes else tensor.data)
            if on_tensor is not None:
                on_tensor(done, len(reader.tensors))
    finally:
        writer.close()


def _copy_fields(reader: GGUFReader, writer: GGUFWriter, fields: Mapping[str, str]) -> None:
    for key, value in fields.items():
        writer.add_key_value(key, value, GGUFValueType.STRING)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    written = {Keys.General.ARCHITECTURE, Keys.General.FILE_TYPE, *fields}  # the writer itself sets the first one
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in written:
            kind, *within = field.types
            writer.add_key_value(field.name, field.contents(), kind, within[-1] if within else None)


def _announce(writer: GGUFWriter, tensor: ReaderTensor, *, changes: bool) -> None:
    if not changes:
        writer.add_tensor_info(tensor.name, tensor.data.shape, tensor.data.dtype, tensor.n_bytes, tensor.tensor_type)
        return
    shape = tuple(map(int, tensor.shape[::-1]))
    if shape[-1] % _BLOCK:
        raise AssetError(f"{tensor.name} has rows of {shape[-1]} numbers; {_Q8_0.name} holds multiples of {_BLOCK}.")
    stored = quant_shape_to_byte_shape(shape, _Q8_0)
    writer.add_tensor_info(tensor.name, stored, np.dtype(np.uint8), math.prod(stored), _Q8_0)


def _stored(reader: GGUFReader, tensor: ReaderTensor, delta: Delta | None) -> npt.NDArray[np.uint8]:
    if delta is None:
        return np.concatenate([quantize(rows, _Q8_0) for rows in dequantised(tensor)])
    rows = whole(tensor) + permuted(delta.rows(), heads_of(reader, tensor.name))
    stored: npt.NDArray[np.uint8] = quantize(rows, _Q8_0)
    return stored
