"""Where a fit leaves its traces, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OnStage = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a fit leaves its traces, and whom it tells how far it is.

    Attributes:
        folder: For checkpoints, TensorBoard logs and curves; without one nothing is written and nothing can be resumed.
        on_stage: Told about progress.
    """

    folder: Path | None = None
    on_stage: OnStage = _silent

    def within(self, name: str) -> Workspace:
        """Return the workspace of one part of the work."""
        return Workspace(self.folder / name if self.folder else None, self.on_stage)


NOWHERE = Workspace()
