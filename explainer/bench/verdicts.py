"""What we and the stand-alone script tell of a log, and whether that names what is wrong with it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from explainer.audit import verify_alone
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Verifier
from explainer.audit.sources import StoredNodes, exported_entries, stored_entries
from explainer.audit.verify import Fault, TamperError, Verified, verify
from explainer.bench.scene import SIGNED

CHUNK = 20
"""Entries that are read at once: few, so that attacks lie on both sides of where one chunk ends."""


class Told(NamedTuple):
    """What is told of a log.

    Attributes:
        what: The fault, or one of the words below.
        seq: Number of the entry that is named; None where none is.
    """

    what: str
    seq: int | None = None


WHOLE, UNSIGNED, UNVERIFIABLE = Told("whole"), Told("unsigned"), Told("unverifiable")
_CODES = {WHOLE.what: 0, UNVERIFIABLE.what: 2, UNSIGNED.what: 3} | dict.fromkeys(Fault, 1)


@dataclass
class Found:
    """What became of the attacks.

    Attributes:
        cases: Attacks.
        missed: Those that were not found, by name.
        flips: Bits that were flipped in the log's files and values; each is an attack, too.
        flips_missed: Those that were not found.
        raw: Bits that were flipped anywhere in the bytes of a database,
        raw_changed: those that changed what the log says or made it unreadable,
        raw_missed: and those of these that were not found.
        clean: Logs that nobody had touched,
        false_alarms: and those that were called tampered with.
    """

    cases: int = 0
    missed: list[str] = field(default_factory=list)
    flips: int = 0
    flips_missed: list[str] = field(default_factory=list)
    raw: int = 0
    raw_changed: int = 0
    raw_missed: list[str] = field(default_factory=list)
    clean: int = 0
    false_alarms: int = 0

    def note(self, name: str, *, found: bool) -> None:
        """Count an attack."""
        self.cases += 1
        if not found:
            self.missed.append(name)

    def report(self) -> dict[str, Any]:
        """Return what the bench writes: scripted attacks and flipped bits together, and each by itself."""
        cases = self.cases + self.flips + self.raw_changed
        missed = [*self.missed, *self.flips_missed, *self.raw_missed]
        return {
            "tampers": {
                "cases": cases,
                "detected": cases - len(missed),
                "scripted": self.cases,
                "flips": self.flips,
                "raw_flips": self.raw,
                "raw_flips_that_changed_the_log": self.raw_changed,
                "missed": missed,
                "clean_logs": self.clean,
            },
            "false_alarms": self.false_alarms,
        }


def told_stored(session: Session, folder: Path, key: str, kept: Path | None = None) -> Told:
    """Return what verifying a database tells; that its end is not signed yet is nothing of note there."""

    def run(public: Verifier) -> Verified:
        checkpoints = CheckpointFolder(folder).read(public, kept)
        return verify(stored_entries(session, CHUNK), checkpoints, StoredNodes(session, CHUNK))

    found = _told(run, key)
    return WHOLE if isinstance(found, Verified) and found.checkpoints else _or_unsigned(found)


def told_exported(path: Path, folder: Path, key: str, kept: Path | None = None) -> Told:
    """Return what verifying an export tells."""
    found = _told(lambda public: verify(exported_entries(path), CheckpointFolder(folder).read(public, kept)), key)
    return WHOLE if isinstance(found, Verified) and found.signed else _or_unsigned(found)


def agrees(told: Told, path: Path, folder: Path, key: str, kept: Path | None = None) -> bool:
    """Return whether the stand-alone script comes to the same result on an export."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = verify_alone.main([str(path), str(folder), key, *([] if kept is None else [str(kept)])])
    return code == _CODES[told.what]


def first_difference(was: Sequence[Any], now: Sequence[Any]) -> int:
    """Return the place (from 0) of the first thing that is not what it was."""
    same = zip(was, now, strict=False)
    return next((at for at, (one, other) in enumerate(same) if one != other), min(len(was), len(now)))


def names(told: Told, at: int) -> bool:
    """Return whether what is told names the first bad entry, as near as can be told.

    Args:
        told: What was told.
        at: Place of the first bad entry, from 0.
    """
    first = at + 1
    if told.what == Fault.FORKED:  # by the first checkpoint after it: no nearer than from the one before
        return told.seq == 1 + max(size for size in (0, *SIGNED) if size <= at)
    if told.what == Fault.NODE:  # the one above it and its neighbour
        return told.seq in {at, first}
    if told.what == Fault.ORDER:  # by the number that it has, which came before
        return told.seq is not None and told.seq <= first
    return told.seq == first


def _told(run: Callable[[Verifier], Verified], key: str) -> Verified | Told:
    try:
        return run(Verifier.read(key))
    except TamperError as error:
        return Told(error.fault, error.seq)
    except VerificationError:
        return UNVERIFIABLE


def _or_unsigned(found: Verified | Told) -> Told:
    return UNSIGNED if isinstance(found, Verified) else found
