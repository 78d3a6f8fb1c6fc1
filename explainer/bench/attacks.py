"""What somebody can do to a log who has the database, the export or the checkpoints to themselves, by name.

An attack on the history takes all entries and a place (from 0) and returns other entries. An attack on an export takes
its lines and a place and returns other bytes. An attack on the checkpoints changes their folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.notes import Signer
from explainer.audit.verify import Fault
from explainer.bench.scene import SIZE, Scene, Stored
from explainer.bench.verdicts import Told

History = Callable[[list[Stored], int], list[Stored]]
Export = Callable[[list[bytes], int], bytes]
Checkpoints = Callable[[Scene, Path, list[Path], int], None]


def _numbered(entries: list[Stored]) -> list[Stored]:
    return [replace(one, seq=seq) for seq, one in enumerate(entries, 1)]


def _edited(change: Callable[[Stored], Stored]) -> History:
    return lambda log, at: [*log[:at], change(log[at]), *log[at + 1 :]]


def _other(digest: str) -> str:
    return digest[:-1] + ("0" if digest[-1] != "0" else "1")


def _forged(one: Stored) -> Stored:
    return replace(one, event="bench.forged", digest="ab" * 32)


def _swapped(log: list[Stored], at: int) -> list[Stored]:
    first = min(at, len(log) - 2)
    return _numbered([*log[:first], log[first + 1], log[first], *log[first + 2 :]])


def _doubled(log: list[Stored], at: int) -> list[Stored]:
    # A copy after the last signed entry would be one that is written next: that is no attack, it is what a log is for.
    return _numbered([*log[: at + 1], log[at], *log[at + 1 :]])


def _turned(log: list[Stored], at: int) -> list[Stored]:
    return _numbered([*log[:at], *reversed(log[at:])])


def _moved(log: list[Stored], at: int) -> list[Stored]:
    rest = log[:at] + log[at + 1 :]
    to = len(log) // 3
    return _numbered([*rest[:to], log[at], *rest[to:]])


HISTORIES: Mapping[str, History] = {
    "another event": _edited(lambda one: replace(one, event="bench.other")),
    "another record": _edited(lambda one: replace(one, record_id="somebody else's")),
    "another digest": _edited(lambda one: replace(one, digest=_other(one.digest))),
    "a digest in capitals": _edited(lambda one: replace(one, digest=one.digest.upper())),
    "an empty event": _edited(lambda one: replace(one, event="")),
    "a space after the record": _edited(lambda one: replace(one, record_id=one.record_id + " ")),
    "a microsecond later": _edited(lambda one: replace(one, at=one.at + timedelta(microseconds=1))),
    "a year earlier": _edited(lambda one: replace(one, at=one.at - timedelta(days=365))),
    "event and record exchanged": _edited(lambda one: replace(one, event=one.record_id, record_id=one.event)),
    "another number": _edited(lambda one: replace(one, seq=one.seq + 1000)),
    "deleted": lambda log, at: log[:at] + log[at + 1 :],
    "deleted, numbers closed": lambda log, at: _numbered(log[:at] + log[at + 1 :]),
    "ten deleted, numbers closed": lambda log, at: _numbered(log[: max(0, at - 9)] + log[max(1, at + 1) :]),
    "inserted": lambda log, at: _numbered([*log[:at], _forged(log[at]), *log[at:]]),
    "doubled": lambda log, at: _doubled(log, min(at, len(log) - 2)),
    "one before the first": lambda log, at: [replace(log[at], seq=0), *log],
    "replaced by its neighbour": lambda log, at: [*log[:at], replace(log[at - 1], seq=log[at].seq), *log[at + 1 :]],
    "changed places": _swapped,
    "moved": _moved,
    "all before it gone": lambda log, at: log[at + (at == 0) :],
    "all from it on gone": lambda log, at: log[:at],
    "all from it on forged": lambda log, at: log[:at] + [_forged(one) for one in log[at:]],
    "turned round from it on": lambda log, at: _turned(log, min(at, len(log) - 2)),
    "cut and grown longer": lambda log, at: log[:at] + _numbered([*log[:at], *map(_forged, log[at:] * 2)])[at:],
}
"""Each can leave the hashes as they were, make those beside the entries fit, or those of the whole tree."""

NODES: Mapping[str, str] = {
    "node altered": "UPDATE audit_nodes SET hash = substr(hash, 2) || substr(hash, 1, 1) "
    "WHERE level = :level AND place = :place",
    "node in capitals": "UPDATE audit_nodes SET hash = upper(hash) WHERE level = :level AND place = :place",
    "node gone": "DELETE FROM audit_nodes WHERE level = :level AND place = :place",
    "node moved": "UPDATE audit_nodes SET place = place + 1000 WHERE level = :level AND place = :place",
    "node of the future": "INSERT INTO audit_nodes (level, place, hash) "
    "SELECT level, 1000 + place, hash FROM audit_nodes WHERE level = :level AND place = :place",
    "node of no level": "INSERT INTO audit_nodes (level, place, hash) "
    "SELECT -level, place, hash FROM audit_nodes WHERE level = :level AND place = :place",
    "hash beside the entry altered": "UPDATE audit_entries SET leaf = substr(leaf, 2) || substr(leaf, 1, 1) "
    "WHERE seq = :seq",
    "hash beside the entry gone": "UPDATE audit_entries SET leaf = '' WHERE seq = :seq",
    "hash beside the entry of another": "UPDATE audit_entries SET leaf = "
    "(SELECT other.leaf FROM audit_entries AS other WHERE other.seq = 5) WHERE seq = :seq",
}
"""SQL on what the entries do not show."""


_ENTRY_AGAIN = (
    "INSERT INTO audit_entries (seq, at, event, record_id, digest, leaf) "
    "SELECT {}, at, event, record_id, digest, leaf FROM audit_entries WHERE seq = :seq"
)
_NODE_AGAIN = (
    "INSERT INTO audit_nodes (level, place, hash) SELECT {}, hash FROM audit_nodes "
    "WHERE level = 1 AND place = (:seq - 1) / 2"
)
KEYLESS: Mapping[str, tuple[str, Callable[[int], Told]]] = {
    "a second of its number": (_ENTRY_AGAIN.format("seq"), lambda seq: Told(Fault.ORDER, seq)),
    "one without a number": (_ENTRY_AGAIN.format("NULL"), lambda _: Told(Fault.ORDER, 0)),
    "a node twice": (_NODE_AGAIN.format("level, place"), lambda seq: Told(Fault.NODE, (seq - 1) // 2 * 2 + 1)),
    "a node of no place": (_NODE_AGAIN.format("level, NULL"), lambda _: Told(Fault.NODE, SIZE + 1)),
    "a node far above": (_NODE_AGAIN.format("62, 3"), lambda _: Told(Fault.NODE, SIZE + 1)),
}
"""SQL on tables that were made anew without their keys, and what must be told of each at an entry."""


def _line(change: Callable[[bytes], bytes]) -> Export:
    return lambda lines, at: b"".join([*lines[:at], change(lines[at]), *lines[at + 1 :]])


EXPORTS: Mapping[str, Export] = {
    "a letter": _line(lambda line: line.replace(b"bench.happened", b"bench.happenec")),
    "a space": _line(lambda line: line.replace(b'","', b'", "', 1)),
    "an escape": _line(lambda line: line.replace(b"bench", b"\\u0062ench")),
    "another field": _line(lambda line: line.replace(b'"seq"', b'"more":1,"seq"')),
    "a field twice": _line(lambda line: line.replace(b"{", b'{"seq":1,', 1)),
    "no moment": _line(lambda line: b'{"at":"",' + line.partition(b'",')[2]),
    "another zone": _line(lambda line: line.replace(b"+00:00", b"Z")),
    "a number as text": _line(lambda line: line.replace(b'"seq":', b'"seq":"').replace(b"}", b'"}')),
    "a number with a point": _line(lambda line: line.replace(b"}", b".0}")),
    "the line twice": _line(lambda line: line * 2),
    "an empty line": _line(lambda line: b"\n" + line),
    "another line break": _line(lambda line: line.replace(b"\n", b"\r\n")),
    "no line break": _line(lambda line: line[:-1]),
    "half a line": lambda lines, at: b"".join(lines[:at]) + lines[at][: len(lines[at]) // 2],
    "nothing any more": lambda lines, at: b"".join(lines[:at]) + b"\x00" * 64,
    "rubbish": _line(lambda _: b"\xff\xfe{}\n"),
}
"""What can be done to a file, besides what can be done to the history."""


def _replacing(old: bytes, new: bytes) -> Checkpoints:
    return lambda _, __, files, at: _write(files[at], lambda raw: raw.replace(old, new, 1))


def _write(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _flipped_root(raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    lines[2] = (b"A" if lines[2][:1] != b"A" else b"B") + lines[2][1:]
    return b"\n".join(lines)


def _all_gone(_: Scene, __: Path, files: list[Path], ___: int) -> None:
    for path in files:
        path.unlink()


def _renamed(_: Scene, __: Path, files: list[Path], at: int) -> None:
    files[at].rename(_beside(files[at]))


def _twice(_: Scene, __: Path, files: list[Path], at: int) -> None:
    _beside(files[at]).write_bytes(files[at].read_bytes())


def _beside(path: Path) -> Path:
    return path.with_name(f"{int(path.stem) + 1:018d}.checkpoint")


def _exchanged(_: Scene, __: Path, files: list[Path], at: int) -> None:
    other = files[at - 1]
    mine, theirs = files[at].read_bytes(), other.read_bytes()
    files[at].write_bytes(theirs)
    other.write_bytes(mine)


def _replayed(_: Scene, __: Path, files: list[Path], at: int) -> None:
    files[at].write_bytes(files[1 if at == 0 else 0].read_bytes())


def _signed_anew(signer_of: Callable[[Scene], Signer], root: bytes | None = None) -> Checkpoints:
    def attack(scene: Scene, _: Path, files: list[Path], at: int) -> None:
        was = Checkpoint.read(files[at].read_text(encoding="utf-8").rpartition("\n\n")[0] + "\n")
        signer = signer_of(scene)
        files[at].write_text(signer.sign(Checkpoint(was.origin, was.size, root or was.root).text()), encoding="utf-8")

    return attack


def _introduced_by_a_thief(scene: Scene, folder: Path, files: list[Path], at: int) -> None:
    thief = Signer.new("thief")
    CheckpointFolder(folder).rotate(thief, Signer.new("thief.2"), 1)
    _signed_anew(lambda _: thief)(scene, folder, files, at)


def _introduced_in_our_name(scene: Scene, folder: Path, files: list[Path], at: int) -> None:
    (rotation,) = folder.glob("*.rotation")
    thief = Signer.new(scene.new.name)
    rotation.write_text(Signer.new(scene.old.name).sign(f"rotation to\n{thief.verifier}\n"), encoding="utf-8")
    _signed_anew(lambda _: thief)(scene, folder, files, at)


def _introduces_another(scene: Scene, folder: Path, files: list[Path], at: int) -> None:
    (rotation,) = folder.glob("*.rotation")
    thief = Signer.new(scene.new.name)
    _write(rotation, lambda raw: raw.replace(str(scene.new.verifier).encode(), str(thief.verifier).encode()))
    _signed_anew(lambda _: thief)(scene, folder, files, at)


def _introduced_by_the_stolen_old_key(scene: Scene, folder: Path, files: list[Path], at: int) -> None:
    thief = Signer.new("thief")
    CheckpointFolder(folder).rotate(scene.old, thief, SIZE)
    _signed_anew(lambda _: thief)(scene, folder, files, at)


def _signed_by_the_stolen_old_key(scene: Scene, folder: Path, files: list[Path], _: int) -> None:
    _signed_anew(lambda scene: scene.old)(scene, folder, files, len(files) - 1)


def _rotation_of_one(at: int) -> Checkpoints:
    def attack(_: Scene, folder: Path, ___: list[Path], ____: int) -> None:
        (rotation,) = folder.glob("*.rotation")
        text, __, signatures = rotation.read_text(encoding="utf-8").rpartition("\n\n")
        rotation.write_text(f"{text}\n\n{signatures.splitlines()[at]}\n", encoding="utf-8")

    return attack


def _rotation_gone(_: Scene, folder: Path, __: list[Path], ___: int) -> None:
    (rotation,) = folder.glob("*.rotation")
    rotation.unlink()


CHECKPOINTS: Mapping[str, Checkpoints] = {
    "another root": lambda _, __, files, at: _write(files[at], _flipped_root),
    "another size": lambda _, __, files, at: _write(files[at], lambda raw: raw.replace(b"\n", b"\n1", 1)),
    "another name": _replacing(b"shop", b"shoq"),
    "another time": _replacing(b"\nat 2", b"\nat 3"),
    "another one before": _replacing(b"\nafter ", b"\nafter 1"),
    "a line more": _replacing(b"\n\n", b"\nmore\n\n"),
    "no signature": lambda _, __, files, at: _write(files[at], lambda raw: raw.partition(b"\n\n")[0] + b"\n\n"),
    "a signature cut": lambda _, __, files, at: _write(files[at], lambda raw: raw[:-9] + b"\n"),
    "another key's name at the signature": _replacing("— shop".encode(), "— thief".encode()),
    "empty": lambda _, __, files, at: _write(files[at], lambda _raw: b""),
    "cut": lambda _, __, files, at: _write(files[at], lambda raw: raw[: len(raw) // 2]),
    "rubbish": lambda _, __, files, at: _write(files[at], lambda _raw: bytes(range(256))),
    "taken away": lambda _, __, files, at: files[at].unlink(),
    "all taken away": _all_gone,
    "renamed": _renamed,
    "twice": _twice,
    "exchanged": _exchanged,
    "replayed": _replayed,
    "signed by a stranger": _signed_anew(lambda _: Signer.new("stranger")),
    "signed by another of our name": _signed_anew(lambda scene: Signer.new(scene.old.name)),
    "of another log, by our key": _signed_anew(lambda scene: scene.old, bytes(32)),
    "introduced by a thief": _introduced_by_a_thief,
    "introduced in our name": _introduced_in_our_name,
    "introduced by the stolen old key": _introduced_by_the_stolen_old_key,
    "signed by the stolen old key": _signed_by_the_stolen_old_key,
    "the rotation altered": _introduces_another,
    "the rotation signed by the old key alone": _rotation_of_one(0),
    "the rotation signed by the new key alone": _rotation_of_one(1),
    "the rotation taken away": _rotation_gone,
}
