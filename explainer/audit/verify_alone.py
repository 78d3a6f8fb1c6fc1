"""Verify an exported audit log without us: one file, and of libraries only ``cryptography``.

    python verify_alone.py LOG.jsonl CHECKPOINTS_FOLDER PUBLIC_KEY [KEPT]

LOG.jsonl is what ``explainer audit export`` wrote, one entry a line; the folder has the signed checkpoints; the key is
``NAME+ID+BASE64`` and must come from elsewhere than both. KEPT is a checkpoint that you have kept yourself: nobody can
take it out of the folder. The script follows RFC 6962 (tree) and C2SP signed-note (checkpoints)
and shares no code with the service, so that a mistake in one is not a mistake in both.

Exit codes: 0 whole and signed to its end, 1 not whole, 2 nothing can be said (a wrong key, a false signature, a
checkpoint that was taken away, something unreadable), 3 it fits together, but its end, or all of it, nobody has signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, bytes]  # name, id, public key
Roots = dict[int, bytes]
LONGEST, LONGEST_NOTE, MOST_SIGNATURES = 10_000, 100_000, 100


class Unreadable(Exception):  # noqa: N818  it ends in exit code 2
    """Nothing can be said."""


class NotWhole(Exception):  # noqa: N818  it ends in exit code 1
    """The log is not what was signed."""


class Unsigned(Exception):  # noqa: N818  it ends in exit code 3
    """What is there fits together, and nobody vouches for all of it."""


def key_of(text: str) -> Key:
    """Return name, id and public key of NAME+ID+BASE64."""
    try:
        name, told, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    except ValueError as error:
        raise Unreadable("that is no public key") from error
    if len(raw) != 33 or raw[0] != 1 or key_id.hex() != told:  # noqa: PLR2004  one byte for Ed25519, 32 for the key
        raise Unreadable("the public key was not copied whole")
    return name, key_id, raw[1:]


def note_of(path: Path) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a signed note and its signatures: name, id of the key, signature."""
    try:
        with path.open("rb") as file:
            whole = file.read(LONGEST_NOTE + 1)
        text, gap, below = whole.decode().rpartition("\n\n")
        lines = [re.fullmatch(r"— (\S+) (\S+)", line) for line in below.split("\n")[:-1]]
        parts = [(line[1], base64.b64decode(line[2], validate=True)) for line in lines if line]
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path.name} is no signed note") from error
    signed = gap and 0 < len(parts) <= MOST_SIGNATURES and None not in lines
    cut = any(len(raw) < 5 for _, raw in parts)  # noqa: PLR2004  four bytes are the key's id
    controls = any(char < " " and char != "\n" for char in whole.decode())
    if not signed or cut or controls or len(whole) > LONGEST_NOTE or not whole.endswith(b"\n"):
        raise Unreadable(f"{path.name} is no signed note")
    return text + "\n", [(name, raw[:4], raw[4:]) for name, raw in parts]


def is_signed(path: Path, keys: list[Key]) -> bool:
    """Return whether one of the keys has signed a note; a false signature of one of them is refused."""
    text, signatures = note_of(path)
    signed = False
    for name, key_id, public in keys:
        for signature in (s for n, i, s in signatures if (n, i) == (name, key_id)):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
            except InvalidSignature as error:
                raise Unreadable(f"{path.name}: the signature of {name} is false") from error
            signed = True
    return signed


def trusted(folder: Path, key: Key) -> list[Key]:
    """Return the key and those that it introduced, one after the other."""
    keys = [key]
    for known in keys:
        for path in sorted(folder.glob("*.rotation")):
            if is_signed(path, [known]):
                head, _, introduced = note_of(path)[0].partition("\n")
                new = key_of(introduced)
                if head != "rotation to":
                    raise Unreadable(f"{path.name} is no rotation")
                keys += [] if new in keys else [new]
    return keys


def signed_roots(folder: Path, key: Key, kept: Path | None = None) -> Roots:
    """Return the root at every size that the key, or one that it introduced, has signed."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is no folder")
    keys, roots = trusted(folder, key), Roots()
    for path in sorted(folder.glob("*.checkpoint")):
        size, root, after = checkpoint_of(path, keys)
        if path.name != f"{size:018d}.checkpoint":
            raise Unreadable(f"{path.name} was renamed")
        if after is not None and after != 0 and after not in roots:
            raise Unreadable(f"{path.name} was signed after another, at {after}, that was taken away")
        roots[size] = root
    if kept is not None:
        size, root, _ = checkpoint_of(kept, keys)
        if roots.setdefault(size, root) != root:
            raise NotWhole(f"two logs of {size} entries were signed")
    return roots


def checkpoint_of(path: Path, keys: list[Key]) -> tuple[int, bytes, int | None]:
    """Return size, root, and the size of one before it if it says so."""
    if not is_signed(path, keys):
        raise Unreadable(f"{path.name} is not signed by {keys[0][0]} or a key that it introduced")
    origin, size, encoded, *more = note_of(path)[0].split("\n")
    root = base64.b64decode(encoded, validate=True)
    if origin not in {name for name, _, _ in keys} or size != str(int(size)) or len(root) != 32:  # noqa: PLR2004
        raise Unreadable(f"{path.name} is no checkpoint of this log")
    return int(size), root, next((int(line[6:]) for line in more if line.startswith("after ")), None)


def verify(log: Path, roots: Roots) -> str:
    """Hold the log against the roots; return what to tell."""
    peaks: list[bytes] = []
    size = before = 0
    if roots.get(0, root_of(peaks)) != root_of(peaks):
        raise NotWhole("the signed log of 0 entries is not empty")
    with log.open("rb") as file:
        while line := file.readline(LONGEST + 1):
            size += 1
            digest, place = hashlib.sha256(b"\x00" + line.rstrip(b"\n")).digest(), size - 1
            if not is_entry(line, size):
                raise NotWhole(f"line {size} is not entry {size}: entries are missing, doubled, moved or altered")
            while place & 1:
                digest, place = hashlib.sha256(b"\x01" + peaks.pop() + digest).digest(), place >> 1
            peaks.append(digest)
            if size in roots:
                if root_of(peaks) != roots[size]:
                    raise NotWhole(f"of entries {before + 1} to {size} at least one is not the one that was signed")
                before = size
    cut = [signed for signed in roots if signed > size]
    if cut:
        raise NotWhole(f"the log ends at entry {size}, and {max(cut)} were signed")
    if not roots:
        raise Unsigned(f"{size} entries, and there is no signed checkpoint: nobody vouches for this log")
    if before < size:
        raise Unsigned(f"whole up to entry {before}; entries {before + 1} to {size} nobody has signed")
    return f"whole: {size} entries, {len(roots)} signed checkpoints, the last at entry {before}"


def is_entry(line: bytes, number: int) -> bool:
    """Return whether a line is the entry of a number, written as an export writes it."""
    try:
        read = json.loads(line)
        at = datetime.fromisoformat(read["at"])
        same = json.dumps(read, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n" == line
        moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return False
    texts = [read.get(name) for name in ("digest", "event", "record")]
    whole = len(read) == 5 and all(isinstance(text, str) for text in texts)  # noqa: PLR2004  at and seq besides
    return whole and same and read["at"] == moment and type(read.get("seq")) is int and read["seq"] == number


def root_of(peaks: list[bytes]) -> bytes:
    """Return the root over the complete subtrees, the largest first."""
    if not peaks:
        return hashlib.sha256().digest()
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = hashlib.sha256(b"\x01" + peak + digest).digest()
    return digest


def main(arguments: list[str]) -> int:
    """Run and return the exit code."""
    if len(arguments) not in {3, 4}:
        print(__doc__)  # noqa: T201
        return 2
    log, folder, key, *kept = arguments
    try:
        told = verify(Path(log), signed_roots(Path(folder), key_of(key), Path(kept[0]) if kept else None))
    except NotWhole as error:
        print(f"NOT WHOLE: {error}")  # noqa: T201
        return 1
    except Unsigned as error:
        print(f"Not signed to its end: {error}")  # noqa: T201
        return 3
    except (Unreadable, OSError, ValueError) as error:
        print(f"Not verified: {error}")  # noqa: T201
        return 2
    print(told)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
