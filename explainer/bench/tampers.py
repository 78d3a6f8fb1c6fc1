"""Is every attack on the log found, and nothing else? Attacks by script, flipped bits, and logs nobody touched."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.bench.attacks import CHECKPOINTS, EXPORTS, HISTORIES, NODES
from explainer.bench.scene import (
    SIGNED,
    SIZE,
    Scene,
    Stored,
    found_alone,
    found_exported,
    found_stored,
    grow,
    make_scene,
    write_entries,
)
from explainer.errors import ExplainerError
from explainer.storage.database import Database

OnStep = Callable[[str, int, int], None]
FLIPS = 1000
CLEAN = 100
_SEED = 20261125
_PLACES = {"head": 0, "middle": SIZE // 2 - 2, "tail": SIZE - 1}
_FITS = ("hashes left", "hashes beside the entries fit", "all hashes fit")
_TEXTS = ("at", "event", "record_id", "digest", "leaf")


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


def tampered(url: str, folder: Path, flips: int, clean: int, on_step: OnStep) -> Found:
    """Run everything.

    Args:
        url: Of an empty database.
        folder: For all files; empty.
        flips: Bits to flip, as many in the log's files and values as anywhere in a database's bytes.
        clean: Logs that nobody touches.
        on_step: Called with (what, done, total).
    """
    found = Found()
    attack(make_scene(url, _made(folder / "attacked")), found, on_step)
    small = make_scene(f"sqlite:///{folder / 'flipped.db'}", _made(folder / "flipped"))
    flip(small, flips, found, on_step)
    flip_bytes(small, flips, found, on_step)
    for number in range(clean):
        found.false_alarms += not _is_whole(_made(folder / f"clean-{number}"), Random(number))
        found.clean += 1
        on_step("clean logs", number + 1, clean)
    return found


def attack(scene: Scene, found: Found, on_step: OnStep) -> None:
    """Run every attack by script, at head, middle and tail."""
    steps = [
        *_history_attacks(scene),
        *_node_attacks(scene),
        *_export_attacks(scene),
        *_checkpoint_attacks(scene),
        *_cuts_with_checkpoints(scene),
        *_key_attacks(scene),
    ]
    for number, (name, run) in enumerate(steps, 1):
        found.note(name, found=run())
        on_step("attacks", number, len(steps))


Case = tuple[str, Callable[[], bool]]


def _history_attacks(scene: Scene) -> Iterator[Case]:
    log = scene.entries()
    for (name, change), (place, at), fits in product(HISTORIES.items(), _PLACES.items(), _FITS):
        changed = change(log, at)
        if fits != _FITS[0]:
            changed = [replace(one, leaf=one.hashed()) for one in changed]
        yield f"{name}, {place}, {fits}", partial(_history_found, scene, changed, fits)


def _history_found(scene: Scene, changed: list[Stored], fits: str) -> bool:
    with scene.meanwhile() as session:
        write_entries(session, changed, tree=fits == _FITS[2])
        stored = found_stored(session, scene.folder, str(scene.old.verifier))
    return stored and _export_found(scene, b"".join(one.line() for one in changed))


def _export_found(scene: Scene, raw: bytes) -> bool:
    path = scene.scratch / "log.jsonl"
    path.write_bytes(raw)
    key = str(scene.old.verifier)
    return found_exported(path, scene.folder, key) and found_alone(path, scene.folder, key)


def _node_attacks(scene: Scene) -> Iterator[Case]:
    for (name, statement), (place, at) in product(NODES.items(), _PLACES.items()):
        node = {"seq": at + 1, "level": 2, "place": at // 4 if at // 4 < SIZE // 4 else SIZE // 4 - 1}
        values = {key: value for key, value in node.items() if f":{key}" in statement}
        yield f"{name}, {place}", partial(_node_found, scene, statement, values)


def _node_found(scene: Scene, statement: str, values: dict[str, int]) -> bool:
    with scene.meanwhile() as session:
        session.execute(text(statement), values)
        return found_stored(session, scene.folder, str(scene.old.verifier))


def _export_attacks(scene: Scene) -> Iterator[Case]:
    lines = scene.lines()
    for (name, change), (place, at) in product(EXPORTS.items(), _PLACES.items()):
        yield f"export: {name}, {place}", partial(_export_found, scene, change(lines, at))


def _checkpoint_attacks(scene: Scene) -> Iterator[Case]:
    places = {"head": 0, "middle": len(SIGNED) // 2, "tail": len(SIGNED) - 1}
    for (name, change), (place, at) in product(CHECKPOINTS.items(), places.items()):
        if (name, place) != ("taken away", "tail"):  # who takes that one away cuts the log, too: see below
            yield f"checkpoint: {name}, {place}", partial(_folder_found, scene, change, at)


def _folder_found(scene: Scene, change: Callable[[Scene, Path, list[Path], int], None], at: int) -> bool:
    with scene.copied() as folder, scene.meanwhile() as session:
        change(scene, folder, sorted(folder.glob("*.checkpoint")), at)
        lines = scene.lines()
        return all(_all_find(scene, session, folder, str(one.verifier), lines) for one in (scene.old, scene.new))


def _all_find(scene: Scene, session: Any, folder: Path, key: str, lines: list[bytes], kept: Path | None = None) -> bool:  # noqa: ANN401
    path = scene.scratch / "log.jsonl"
    path.write_bytes(b"".join(lines))
    return (
        found_stored(session, folder, key, kept)
        and found_exported(path, folder, key, kept)
        and found_alone(path, folder, key, kept)
    )


def _cuts_with_checkpoints(scene: Scene) -> Iterator[Case]:
    """Log and checkpoints cut back to the same size: only a checkpoint that somebody kept tells."""
    log = scene.entries()
    for size in SIGNED[:-1]:
        yield f"cut with its checkpoints to {size}", partial(_cut_found, scene, log[:size])


def _cut_found(scene: Scene, rest: list[Stored]) -> bool:
    kept = scene.folder / f"{SIZE:018d}.checkpoint"
    with scene.copied() as folder, scene.meanwhile() as session:
        for path in folder.glob("*.checkpoint"):
            if int(path.stem) > len(rest):
                path.unlink()
        write_entries(session, rest, tree=True)
        return _all_find(scene, session, folder, str(scene.old.verifier), [one.line() for one in rest], kept)


def _key_attacks(scene: Scene) -> Iterator[Case]:
    keys = {
        "a stranger's": str(Signer.new("stranger").verifier),
        "one of our name": str(Signer.new(scene.old.name).verifier),
        "our name, another id": str(scene.old.verifier).replace("+", "+0", 1),
        "cut": str(scene.old.verifier)[:-4],
        "none": "",
        "the private half": scene.old.secret(),
    }
    for name, key in keys.items():
        yield f"key: {name}", partial(_key_found, scene, key)


def _key_found(scene: Scene, key: str) -> bool:
    with scene.meanwhile() as session:
        return _all_find(scene, session, scene.folder, key, scene.lines())


def flip(scene: Scene, flips: int, found: Found, on_step: OnStep) -> None:
    """Flip single bits at random: in the export, in checkpoints and rotations, in what columns hold."""
    random, export, log = Random(_SEED), b"".join(scene.lines()), scene.entries()
    ways = (_flip_export, _flip_note, _flip_value)
    for number in range(flips):
        where, caught = ways[number % len(ways)](scene, random, export, log)
        found.flips += 1
        if not caught:
            found.flips_missed.append(where)
        on_step("flipped bits", number + 1, flips)


def _flip_export(scene: Scene, random: Random, export: bytes, _: list[Stored]) -> tuple[str, bool]:
    flipped, where = _flipped(export, random)
    return f"export, {where}", _export_found(scene, flipped)


def _flip_note(scene: Scene, random: Random, export: bytes, _: list[Stored]) -> tuple[str, bool]:
    with scene.copied() as folder, scene.meanwhile() as session:
        path = random.choice(sorted(folder.iterdir()))
        flipped, where = _flipped(path.read_bytes(), random)
        path.write_bytes(flipped)
        keys = (str(scene.old.verifier), str(scene.new.verifier))
        return f"{path.name}, {where}", all(_all_find(scene, session, folder, key, [export]) for key in keys)


def _flip_value(scene: Scene, random: Random, _: bytes, log: list[Stored]) -> tuple[str, bool]:
    """Flip a bit of a value, past every check of types that a program would make."""
    column, seq = random.choice(_TEXTS), random.randint(1, len(log))
    with scene.meanwhile() as session:
        one = {"seq": seq}
        value = session.execute(text(f"SELECT {column} FROM audit_entries WHERE seq = :seq"), one).scalar_one()  # noqa: S608
        flipped, where = _flipped(value.encode(), random)
        change = f"UPDATE audit_entries SET {column} = CAST(:value AS TEXT) WHERE seq = :seq"  # noqa: S608
        session.execute(text(change), one | {"value": flipped})
        return f"{column} of {seq}, {where}", found_stored(session, scene.folder, str(scene.old.verifier))


def _flipped(raw: bytes, random: Random) -> tuple[bytes, str]:
    byte, bit = random.randrange(len(raw)), random.randrange(8)
    changed = bytearray(raw)
    changed[byte] ^= 1 << bit
    return bytes(changed), f"byte {byte}, bit {bit}"


def flip_bytes(scene: Scene, flips: int, found: Found, on_step: OnStep) -> None:
    """Flip single bits anywhere in a database's file; one in free space or in another table is no attack on the log."""
    path = Path(scene.database.engine.url.database or "")
    scene.database.engine.dispose()
    raw, said, random = path.read_bytes(), _said(path), Random(_SEED)
    copy = scene.scratch / "copy.db"
    for number in range(flips):
        flipped, where = _flipped(raw, random)
        copy.write_bytes(flipped)
        found.raw += 1
        if _said(copy) != said:
            found.raw_changed += 1
            if not _file_found(copy, scene):
                found.raw_missed.append(f"database, {where}")
        for left in scene.scratch.glob("copy.db*"):
            left.unlink()
        on_step("flipped bytes", number + 1, flips)


def _said(path: Path) -> object:
    """Return what a database's log says, as SQLite itself reads it; None where it cannot."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            entries = "SELECT seq, at, event, record_id, digest, leaf FROM audit_entries ORDER BY seq"
            nodes = "SELECT level, place, hash FROM audit_nodes ORDER BY level, place"
            return connection.execute(entries).fetchall(), connection.execute(nodes).fetchall()
    except (sqlite3.Error, UnicodeError):
        return None


def _file_found(path: Path, scene: Scene) -> bool:
    database = Database(f"sqlite:///{path}")
    try:
        with database.session() as session:
            return found_stored(session, scene.folder, str(scene.old.verifier))
    except ExplainerError:  # it cannot even be opened
        return True
    finally:
        database.engine.dispose()


def _is_whole(folder: Path, random: Random) -> bool:
    """Return whether a log of random size, signed at random, with what a crash leaves behind, is called whole."""
    size = random.randint(1, 120)
    signed = sorted({random.randint(1, size) for _ in range(random.randint(1, 5))})
    scene = make_scene(f"sqlite:///{folder / 'log.db'}", folder, size, signed)
    (scene.folder / f"{size:018d}.4711.new").write_bytes(b"half a chec")  # a process that was killed while it wrote
    grow(scene.database, end := size + random.randint(0, 3))
    if random.random() < 0.5:  # noqa: PLR2004  every other one is signed at its end
        CheckpointFolder(scene.folder).rotate(scene.old, scene.new, end)
        grow(scene.database, end + 1)  # that it was exchanged
        sign_head(scene.database, CheckpointFolder(scene.folder), scene.new)
    last = CheckpointFolder(scene.folder).last(scene.old.verifier)
    keys = [scene.old, *([scene.new] if last is not None and last.origin == scene.new.name else [])]
    with scene.meanwhile() as session:
        path = scene.scratch / "log.jsonl"
        path.write_bytes(b"".join(scene.lines()))
        alarms = [
            alarm
            for key in (str(one.verifier) for one in keys)
            for alarm in (
                found_stored(session, scene.folder, key),
                found_exported(path, scene.folder, key),
                found_alone(path, scene.folder, key),
            )
        ]
    scene.database.engine.dispose()
    shutil.rmtree(folder)
    return not any(alarms)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
