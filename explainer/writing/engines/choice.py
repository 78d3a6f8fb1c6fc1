"""Which engine suits this machine; found out without loading any of them."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from explainer.writing.engines.base_file import base_gguf

_DEVICES = Path("/dev")


def best_engine(base_model: str) -> Literal["openvino", "transformers"]:
    """Return ``transformers`` where there is a CUDA GPU, or a base that is no GGUF file; else ``openvino``.

    Raises:
        AssetError: If the base's file or package is missing.
    """
    return "transformers" if base_gguf(base_model) is None or _has_cuda() else "openvino"


def _has_cuda() -> bool:
    """Return whether torch would most likely find a GPU; importing it to be sure takes seconds and memory."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    try:
        build = version("torch")
    except PackageNotFoundError:
        return False
    return not build.endswith("+cpu") and any(_DEVICES.glob("nvidia[0-9]*"))
