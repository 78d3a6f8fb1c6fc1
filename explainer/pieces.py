"""Files that are sent while they are written."""

from __future__ import annotations

import io


class Pieces(io.RawIOBase):
    """Takes what is written, until it is taken; nobody can seek in it.

    Attributes:
        held: Bytes that wait to be taken.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.held = 0

    def writable(self) -> bool:
        """It is all it can be."""
        return True

    def write(self, piece: object, /) -> int:
        """Keep a piece."""
        kept = bytes(piece)  # type: ignore[call-overload]  # any buffer
        self._pieces.append(kept)
        self.held += len(kept)
        return len(kept)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return taken
