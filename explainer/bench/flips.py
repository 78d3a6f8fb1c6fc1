"""Is every bit that is flipped in a log found: in its export, its checkpoints, its values, its database's file?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from explainer.audit.verify import Fault
from explainer.bench.scene import Scene, Stored
from explainer.bench.verdicts import WHOLE, Found, Told, agrees, first_difference, names, told_exported, told_stored
from explainer.errors import ExplainerError
from explainer.storage.database import Database

OnStep = Callable[[str, int, int], None]
_SEED = 20261125
_TEXTS = ("at", "event", "record_id", "digest", "leaf")


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
    path, key = scene.scratch / "log.jsonl", str(scene.old.verifier)
    path.write_bytes(flipped)
    told, at = told_exported(path, scene.folder, key), first_difference(_lines(export), _lines(flipped))
    return f"export, {where}", names(told, at) and agrees(told, path, scene.folder, key)


def _lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\n")  # splitlines knows more line breaks than an export has


def _flip_note(scene: Scene, random: Random, export: bytes, _: list[Stored]) -> tuple[str, bool]:
    with scene.copied() as folder, scene.meanwhile() as session:
        path = random.choice(sorted(folder.iterdir()))
        flipped, where = _flipped(path.read_bytes(), random)
        path.write_bytes(flipped)
        log = scene.scratch / "log.jsonl"
        log.write_bytes(export)
        return f"{path.name}, {where}", all(_is_caught(session, folder, log, key) for key in scene.public_keys())


def _is_caught(session: Session, folder: Path, log: Path, key: str) -> bool:
    stored, exported = told_stored(session, folder, key), told_exported(log, folder, key)
    return WHOLE not in (stored, exported) and agrees(exported, log, folder, key)


def _flip_value(scene: Scene, random: Random, _: bytes, log: list[Stored]) -> tuple[str, bool]:
    """Flip a bit of a value, past every check of types that a program would make."""
    column, seq = random.choice(_TEXTS), random.randint(1, len(log))
    with scene.meanwhile() as session:
        one = {"seq": seq}
        value = session.execute(text(f"SELECT {column} FROM audit_entries WHERE seq = :seq"), one).scalar_one()  # noqa: S608
        flipped, where = _flipped(value.encode(), random)
        change = f"UPDATE audit_entries SET {column} = CAST(:value AS TEXT) WHERE seq = :seq"  # noqa: S608
        session.execute(text(change), one | {"value": flipped})
        told = told_stored(session, scene.folder, str(scene.old.verifier))
        return f"{column} of {seq}, {where}", told == Told(Fault.ALTERED, seq)


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
            return told_stored(session, scene.folder, str(scene.old.verifier)) != WHOLE
    except ExplainerError:  # it cannot even be opened
        return True
    finally:
        database.engine.dispose()
