"""OpenVINO GenAI without its telemetry."""

from __future__ import annotations

import sys
from types import ModuleType


def genai() -> ModuleType:
    """Return the library.

    Importing it as it comes sends an event to Google Analytics and leaves an id in the user's home, unasked. With the
    package that does so out of reach it falls back to a stand-in of its own that sends nothing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # "can't be imported", says Python
    import openvino_genai  # noqa: PLC0415  after the line above

    return openvino_genai  # type: ignore[no-any-return]  # not typed for us
