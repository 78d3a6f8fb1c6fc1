"""Verify an exported audit log without us: one file, and of libraries only ``cryptography``.

    python verify_alone.py LOG.jsonl CHECKPOINTS_FOLDER PUBLIC_KEY [KEPT]

LOG.jsonl is what ``explainer audit export`` wrote, one entry a line; the folder has the signed checkpoints; the key is
``NAME+ID+BASE64`` and must come from elsewhere than both; after a rotation any of the keys will do, since old and new
one have signed which came after which. KEPT is a checkpoint that you have kept yourself: nobody can
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
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, bytes]  # name, id, public key
Keys = dict[Key, int]  # to the size of the log up to which it may sign
Step = tuple[Path, Key, Key | None, int]  # where it says so, the new key, the old one, and up to which size that signs
Roots = dict[int, bytes]
LONGEST, LONGEST_NOTE, MOST_SIGNATURES = 10_000, 100_000, 100
NO_END = 2**63


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
        raw = decoded(encoded)
        key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    except ValueError as error:
        raise Unreadable("that is no public key") from error
    if len(raw) != 33 or raw[0] != 1 or key_id.hex() != told:  # noqa: PLR2004  one byte for Ed25519, 32 for the key
        raise Unreadable("the public key was not copied whole")
    return name, key_id, raw[1:]


def decoded(text: str) -> bytes:
    """Return the bytes of Base64 as everybody writes it: bits that say nothing are not let through."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not written as Base64 is")
    return raw


def number(text: str) -> int:
    """Return a plain number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and text == str(int(text))):  # noqa: PLR2004  digits
        raise Unreadable(f"{text[:40]} is no plain number")
    return int(text)


def note_of(path: Path) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a signed note and its signatures: name, id of the key, signature."""
    try:
        with path.open("rb") as file:
            whole = file.read(LONGEST_NOTE + 1)
        text, gap, below = whole.decode().rpartition("\n\n")
        lines = [re.fullmatch(r"— (\S+) (\S+)", line) for line in below.split("\n")[:-1]]
        parts = [(line[1], decoded(line[2])) for line in lines if line]
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path.name} is no signed note") from error
    signed = gap and 0 < len(parts) <= MOST_SIGNATURES and None not in lines
    cut = any(len(raw) < 5 for _, raw in parts)  # noqa: PLR2004  four bytes are the key's id
    controls = any(char < " " and char != "\n" for char in whole.decode())
    if not signed or cut or controls or len(whole) > LONGEST_NOTE or not whole.endswith(b"\n"):
        raise Unreadable(f"{path.name} is no signed note")
    return text + "\n", [(name, raw[:4], raw[4:]) for name, raw in parts]


def signers(path: Path, keys: Iterable[Key]) -> list[Key]:
    """Return which of the keys have signed a note; a false signature of one of them is refused."""
    text, signatures = note_of(path)
    found = []
    for key in keys:
        mine = [signature for name, key_id, signature in signatures if (name, key_id) == key[:2]]
        for signature in mine:
            try:
                Ed25519PublicKey.from_public_bytes(key[2]).verify(signature, text.encode())
            except InvalidSignature as error:
                raise Unreadable(f"{path.name}: the signature of {key[0]} is false") from error
        found += [key] if mine else []
    return found


def step_of(path: Path) -> Step:
    """Return which key came after which; the earlier form of a rotation does not name the old one."""
    head, new, *more = note_of(path)[0].split("\n")
    if head != "rotation to" or len(more) not in {1, 3} or more.pop() != "":
        raise Unreadable(f"{path.name} is no rotation")
    if not more:
        return path, key_of(new), None, NO_END
    old, until = more
    if not old.startswith("from ") or not until.startswith("until "):
        raise Unreadable(f"{path.name} is no rotation")
    return path, key_of(new), key_of(old[5:]), number(until[6:])


def trusted(folder: Path, key: Key) -> tuple[Keys, Keys]:
    """Return the key and those that came after it, and those before, with the size up to which each may sign."""
    steps = [step_of(path) for path in sorted(folder.glob("*.rotation"))]
    later, earlier, at = {key: NO_END}, Keys(), key
    while found := [step for step in steps if comes_after(step, at)]:
        new, later[at] = the_one({step[1] for step in found}), min(step[3] for step in found)
        if new in later:
            break
        later[new], at = NO_END, new
    at = key
    while found := [step for step in steps if comes_before(step, at)]:
        at = the_one({step[2] for step in found if step[2]})
        if at == key or at in earlier:
            break
        earlier[at] = min(step[3] for step in found)
    return later, earlier


def comes_after(step: Step, key: Key) -> bool:
    """Return whether the key says in a rotation which one came after it."""
    path, new, old, _ = step
    if not signers(path, [key]):
        return False
    return new != key if old is None else old == key and both_signed(path, new)


def comes_before(step: Step, key: Key) -> bool:
    """Return whether the key says in a rotation which one came before it."""
    path, new, old, _ = step
    return bool(signers(path, [key])) and old is not None and new == key and both_signed(path, old)


def both_signed(path: Path, other: Key) -> bool:
    """Return True; a rotation that only one of its keys has signed is refused."""
    if not signers(path, [other]):
        raise Unreadable(f"{path.name} is not signed by {other[0]}; both keys sign a rotation")
    return True


def the_one(keys: set[Key]) -> Key:
    """Return the only one."""
    if len(keys) > 1:
        raise Unreadable(f"{len(keys)} keys are said to have come after or before one")
    return next(iter(keys))


def signed_roots(folder: Path, key: Key, kept: Path | None = None) -> Roots:
    """Return the root at every size that the key, or one that it stands for, has signed."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is no folder")
    later, earlier = trusted(folder, key)
    keys, roots, path = later | earlier, Roots(), None
    for path in sorted(folder.glob("*.checkpoint")):
        size, root, after = checkpoint_of(path, keys)
        if path.name != f"{size:018d}.checkpoint":
            raise Unreadable(f"{path.name} was renamed")
        if after is not None and after != 0 and after not in roots:
            raise Unreadable(f"{path.name} was signed after another, at {after}, that was taken away")
        roots[size] = root
    if path and not signers(path, later):  # a thief of a key from before could have made all of them
        raise Unreadable(f"{path.name} is the last one, and signed by a key from before {key[0]} alone")
    if kept is not None:
        size, root, _ = checkpoint_of(kept, keys)
        if roots.setdefault(size, root) != root:
            raise NotWhole(f"two logs of {size} entries were signed")
    return roots


def checkpoint_of(path: Path, keys: Keys) -> tuple[int, bytes, int | None]:
    """Return size, root, and the size of one before it if it says so."""
    signed = signers(path, keys)
    if not signed:
        raise Unreadable(f"{path.name} is signed neither by the key nor by one that it stands for")
    origin, size, encoded, *more = note_of(path)[0].split("\n")
    root = decoded(encoded)
    if origin not in {name for name, _, _ in keys} or len(root) != 32:  # noqa: PLR2004
        raise Unreadable(f"{path.name} is no checkpoint of this log")
    if max(keys[key] for key in signed) < number(size):
        raise Unreadable(f"{path.name} is signed by {signed[0][0]}, which another key had followed before")
    return number(size), root, next((int(line[6:]) for line in more if line.startswith("after ")), None)


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
