"""The beginning of a GGUF file, read in a tenth of a second: short metadata, and whether the file is whole.

The gguf library keeps every token of the vocabulary and takes two seconds; OpenVINO does not check, and a file that was
cut off ends the process. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from gguf.constants import GGML_QUANT_SIZES, GGUF_DEFAULT_ALIGNMENT, GGUF_MAGIC, GGMLQuantizationType, GGUFValueType

from explainer.errors import AssetError

BASE_HASH, ADAPTER_HASH = "general.base_hash", "general.adapter_hash"
"""Metadata of a merged file: what it was made of."""
_NUMBERS = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}
_LENGTH = struct.Struct("<Q")
Value = str | int | float | bool | None


def read_header(path: Path) -> dict[str, Value]:
    """Return the file's metadata; lists (the vocabulary) are None.

    Raises:
        AssetError: If the file is missing, no GGUF file, or shorter than its header says.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            cursor = _Cursor(data)
            fields, end = cursor.fields(), cursor.end_of_tensors()
            size = len(data)
    except FileNotFoundError as error:
        raise AssetError(f"There is no model file at {path}. Make it with: explainer export --out {path}") from error
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise AssetError(f"{path} is no GGUF file, or a damaged one: {error}. Delete it and export anew.") from error
    if size < end:
        raise AssetError(f"{path} was cut off: it has {size} of {end} bytes. Delete it and export anew.")
    return fields


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0
        magic, version, self._tensors, self._fields = self._take(struct.Struct("<IIQQ"))
        if magic != GGUF_MAGIC or version not in (2, 3):
            raise ValueError(f"it begins with {magic:#x}, version {version}")
        self._alignment = GGUF_DEFAULT_ALIGNMENT

    def _take(self, form: struct.Struct) -> tuple[int, ...]:
        values = form.unpack_from(self._data, self._at)
        self._at += form.size
        return values

    def _number(self, form: str) -> int:
        (number,) = self._take(struct.Struct(f"<{form}"))
        return number

    def _bytes(self) -> bytes:
        (length,) = _LENGTH.unpack_from(self._data, self._at)
        begin = self._at + _LENGTH.size
        self._at = begin + length
        if self._at > len(self._data):
            raise ValueError("it ends within a text")
        return self._data[begin : self._at]

    def fields(self) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for _ in range(self._fields):
            key = self._bytes().decode()
            fields[key] = self._value(GGUFValueType(self._number("I")))
        alignment = fields.get("general.alignment")
        self._alignment = alignment if isinstance(alignment, int) and alignment > 0 else GGUF_DEFAULT_ALIGNMENT
        return fields

    def _value(self, kind: GGUFValueType) -> Value:
        if kind is GGUFValueType.STRING:
            return self._bytes().decode()
        if kind is not GGUFValueType.ARRAY:
            return self._number(_NUMBERS[kind])
        within, count = GGUFValueType(self._number("I")), self._number("Q")
        if within is GGUFValueType.STRING:
            for _ in range(count):
                self._bytes()
        elif within is GGUFValueType.ARRAY:
            raise ValueError("it holds lists of lists")
        else:
            self._at += count * struct.calcsize(f"<{_NUMBERS[within]}")
        return None

    def end_of_tensors(self) -> int:
        """Return how long the file must be."""
        end: int = 0
        for _ in range(self._tensors):
            self._bytes()
            numbers: int = 1
            for _ in range(self._number("I")):
                numbers *= self._number("Q")
            kind, offset = GGMLQuantizationType(self._number("I")), self._number("Q")
            block, size = GGML_QUANT_SIZES[kind]
            end = max(end, offset + numbers // block * size)
        start: int = -(-self._at // self._alignment) * self._alignment
        return start + end
