"""Which keys a key stands for: notes that say which one came after which, walked in both directions.

Such a note has both keys in it and is signed by both. Whoever trusts the old one has its word for the new one; whoever
trusts the new one has its word that the old one was its owner's, up to the size at which it was followed. What that old
one introduces otherwise does not count for them: it may have been stolen since. A note of the earlier form has the new
key alone and is signed by the old one alone; it leads forward only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from explainer.audit.errors import VerificationError
from explainer.audit.files import named, read_note
from explainer.audit.notes import Note, Signer, Verifier, plain_number, signed_by

_HEAD, _FROM, _UNTIL = "rotation to", "from ", "until "
_LINES = 3


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that a key stands for.

    Attributes:
        key: Itself.
        after: Those that came after it, one after the other,
        before: and those before it, the last one first.
    """

    key: Verifier
    after: tuple[Verifier, ...]
    before: tuple[Verifier, ...]

    @property
    def keys(self) -> list[Verifier]:
        """All of them, itself first; each with the size up to which it may sign."""
        return [*self.later, *self.before]

    @property
    def later(self) -> list[Verifier]:
        """Itself and those after it. What the last of these signed, whoever has stolen one before cannot have made."""
        return [self.key, *self.after]


@dataclass(frozen=True, slots=True)
class Rotation:
    """That one key came after another.

    Attributes:
        path: Where it is kept.
        note: As it is signed.
        new: The key that came.
        old: The one before it; None in one of the earlier form.
        until: Entries of the log at that moment: more the old one may not sign. None in one of the earlier form.
    """

    path: Path
    note: Note
    new: Verifier
    old: Verifier | None
    until: int | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the rotation of a file; nothing is verified yet.

        Raises:
            VerificationError: If it is none.
        """
        note = read_note(path)
        return named(path, lambda text: cls(path, note, *_read(text)), note.text)

    def leads_from(self, key: Verifier) -> bool:
        """Return whether a key says here which one came after it.

        Raises:
            VerificationError: If a signature is false, or that of the other one is missing.
        """
        signed = named(self.path, key.verify, self.note)
        if self.old is None:
            return signed and self.new != key
        return self.old == key and signed and self._require(self.new)

    def leads_to(self, key: Verifier) -> bool:
        """Return whether a key says here which one came before it; raises as :meth:`leads_from`."""
        signed = named(self.path, key.verify, self.note)
        return self.old is not None and self.new == key and signed and self._require(self.old)

    def _require(self, other: Verifier) -> bool:
        if not named(self.path, other.verify, self.note):
            raise VerificationError(f"{self.path.name}: not signed by {other.name!r}; both keys sign a rotation.")
        return True


def rotation_note(old: Signer, new: Signer, size: int) -> str:
    """Return the note that one key came after another, signed by both.

    Args:
        old: The one that goes.
        new: The one that comes.
        size: Entries of the log now: more the old one may not sign.
    """
    text = f"{_HEAD}\n{new.verifier}\n{_FROM}{old.verifier}\n{_UNTIL}{size}\n"
    return signed_by(text, old, new)


def trust(key: Verifier, paths: Iterable[Path]) -> Trust:
    """Return the keys that a key stands for.

    Args:
        key: The one that is trusted.
        paths: Files of rotations.

    Raises:
        VerificationError: If one is none, is not signed as it says, or contradicts another.
    """
    rotations = [Rotation.read(path) for path in paths]
    after = _after(key, rotations)
    return Trust(after[0], tuple(after[1:]), tuple(_before(key, rotations)))


def require_in_use(signers: Sequence[Verifier], size: int) -> None:
    """Check that at least one of those that signed might still do so.

    Args:
        signers: The keys, each with the size up to which it may sign.
        size: Of the log that they vouch for.

    Raises:
        VerificationError: If others had followed all of them.
    """
    ends = [one.until for one in signers if one.until is not None]
    if len(ends) == len(signers) and max(ends) < size:
        raise VerificationError(
            f"signed at {size} entries by {signers[0].name!r}, which another key followed at {max(ends)}: by a process "
            "that was not started again with the new key, or by a thief of the old one."
        )


def _after(key: Verifier, rotations: Sequence[Rotation]) -> list[Verifier]:
    known = [key]
    while steps := [one for one in rotations if one.leads_from(known[-1])]:
        new = _only(steps, [one.new for one in steps])
        known[-1] = replace(known[-1], until=_end(steps))
        if new in known:
            break
        known.append(new)
    return known


def _before(key: Verifier, rotations: Sequence[Rotation]) -> list[Verifier]:
    known = [key]
    while steps := [one for one in rotations if one.leads_to(known[-1])]:
        old = _only(steps, [one.old for one in steps if one.old is not None])
        if old in known:
            break
        known.append(replace(old, until=_end(steps)))
    return known[1:]


def _only(steps: Sequence[Rotation], keys: Sequence[Verifier]) -> Verifier:
    if any(one != keys[0] for one in keys):
        names = " and ".join(step.path.name for step in steps)
        raise VerificationError(
            f"{names}: two keys in one place. One is forged, or of a rotation that failed; find out which of the keys "
            "is in use, and move the other note elsewhere."
        )
    return keys[0]


def _end(steps: Sequence[Rotation]) -> int | None:
    return min((one.until for one in steps if one.until is not None), default=None)


def _read(text: str) -> tuple[Verifier, Verifier | None, int | None]:
    head, *lines, last = text.split("\n")
    if head != _HEAD or last or not lines:
        raise VerificationError("A signed note, but no rotation.")
    if len(lines) == 1:
        return Verifier.read(lines[0]), None, None
    if len(lines) != _LINES or not lines[1].startswith(_FROM) or not lines[2].startswith(_UNTIL):
        raise VerificationError("A rotation names the new key, the old one, and the size until which that one signs.")
    old, until = lines[1].removeprefix(_FROM), lines[2].removeprefix(_UNTIL)
    return Verifier.read(lines[0]), Verifier.read(old), plain_number(until)
