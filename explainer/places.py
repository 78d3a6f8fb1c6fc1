"""What may be said of an error where nobody knows what its message quotes: its class, and where it came through."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

from explainer.errors import ExplainerError

_LONGEST = 500


def places(error: BaseException) -> list[str]:
    """Return the error's type and where it came through, outermost first, and the same of what caused it."""
    told: list[str] = []
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        told.append(f"{type(now).__module__}.{type(now).__qualname__}")
        for frame, line in walk_tb(now.__traceback__):
            file = Path(frame.f_code.co_filename)
            told.append(f"{file.parent.name}/{file.name}:{line} {frame.f_code.co_name}")
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return told


def in_our_words(error: BaseException) -> str:
    """Return the error's class, with its message where that is ours: others may quote what somebody wrote or did."""
    name = type(error).__name__
    return f"{name}: {error}"[:_LONGEST] if isinstance(error, ExplainerError) else name
