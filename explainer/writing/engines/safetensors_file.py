"""Reading safetensors as float32 with numpy alone: the library's numpy side knows no bfloat16."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explainer.errors import AssetError

Floats = npt.NDArray[np.float32]
_STORED = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_LENGTH = 8  # bytes of the header's length, at the very beginning


def read_safetensors(path: Path) -> dict[str, Callable[[], Floats]]:
    """Return the tensors' names, each with a function that reads its numbers (any shape, as stored).

    Raises:
        AssetError: If the file is damaged or holds other than floating point numbers.
    """
    try:
        data = np.memmap(path, mode="r")
        start = _LENGTH + int.from_bytes(data[:_LENGTH].tobytes(), "little")
        header = json.loads(data[_LENGTH:start].tobytes())
        return {
            name: _reader(data[start:], entry, f"{name} in {path}")
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssetError(f"{path} is no safetensors file, or a damaged one: {error}. Make or copy it anew.") from error


def _reader(data: npt.NDArray[np.uint8], entry: dict[str, Any], what: str) -> Callable[[], Floats]:
    kind = _STORED.get(entry["dtype"])
    if kind is None:
        raise ValueError(f"{what} is of type {entry['dtype']}, not one of {', '.join(_STORED)}")
    begin, end = entry["data_offsets"]
    # Here, not at reading: a file that was cut off is found before anything is done with it.
    numbers = data[begin:end].view(kind).reshape(entry["shape"])

    def read() -> Floats:
        if entry["dtype"] != "BF16":
            return numbers.astype(np.float32)
        wide: Floats = (numbers.astype(np.uint32) << 16).view(np.float32)
        return wide

    return read
