"""Is every attack on the log found, and nothing else? Attacks by script, flipped bits, and logs nobody touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.audit.verify import Fault
from explainer.bench.attacks import CHECKPOINTS, EXPORTS, HISTORIES, KEYLESS, NODES
from explainer.bench.flips import flip, flip_bytes
from explainer.bench.scene import SIGNED, SIZE, Scene, Stored, grow, make_scene, write_entries
from explainer.bench.verdicts import (
    CHUNK,
    UNSIGNED,
    UNVERIFIABLE,
    WHOLE,
    Found,
    Told,
    agrees,
    first_difference,
    names,
    told_exported,
    told_stored,
)

OnStep = Callable[[str, int, int], None]
FLIPS = 1000
CLEAN = 100
_PLACES = {"head": 0, "end of a chunk": CHUNK - 1, "middle": SIZE // 2 - 2, "tail": SIZE - 1}
_FITS = ("hashes left", "hashes beside the entries fit", "all hashes fit")


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
    """Run every attack by script, at head, middle and tail; one is found if the right thing is told of it."""
    steps = [
        *_history_attacks(scene),
        *_node_attacks(scene),
        *_keyless_attacks(scene),
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
        yield f"{name}, {place}, {fits}", partial(_history_found, scene, log, changed, fits)


def _history_found(scene: Scene, log: list[Stored], changed: list[Stored], fits: str) -> bool:
    with scene.meanwhile() as session:
        write_entries(session, changed, tree=fits == _FITS[2])
        stored = told_stored(session, scene.folder, str(scene.old.verifier))
    at = first_difference(log, sorted(changed, key=lambda one: one.seq))
    return names(stored, at) and _export_found(scene, [one.line() for one in log], [one.line() for one in changed])


def _export_found(scene: Scene, lines: list[bytes], changed: list[bytes]) -> bool:
    path, key = scene.scratch / "log.jsonl", str(scene.old.verifier)
    path.write_bytes(b"".join(changed))
    told = told_exported(path, scene.folder, key)
    return names(told, first_difference(lines, changed)) and agrees(told, path, scene.folder, key)


def _node_attacks(scene: Scene) -> Iterator[Case]:
    for (name, statement), (place, at) in product(NODES.items(), _PLACES.items()):
        node = {"seq": at + 1, "level": 2, "place": at // 4 if at // 4 < SIZE // 4 else SIZE // 4 - 1}
        values = {key: value for key, value in node.items() if f":{key}" in statement}
        yield f"{name}, {place}", partial(_node_found, scene, statement, values)


def _node_found(scene: Scene, statement: str, values: dict[str, int]) -> bool:
    with scene.meanwhile() as session:
        session.execute(text(statement), values)
        told = told_stored(session, scene.folder, str(scene.old.verifier))
    return told == Told(Fault.ALTERED, values["seq"]) if "seq" in values else told.what == Fault.NODE


def _keyless_attacks(scene: Scene) -> Iterator[Case]:
    for (name, (statement, told)), (place, at) in product(KEYLESS.items(), _PLACES.items()):
        yield f"without a key: {name}, {place}", partial(_keyless_found, scene, statement, at + 1, told(at + 1))


def _keyless_found(scene: Scene, statement: str, seq: int, told: Told) -> bool:
    with scene.meanwhile() as session:
        scene.without_key(session)
        session.execute(text(statement), {"seq": seq})
        return told_stored(session, scene.folder, str(scene.old.verifier)) == told


def _export_attacks(scene: Scene) -> Iterator[Case]:
    lines = scene.lines()
    for (name, change), (place, at) in product(EXPORTS.items(), _PLACES.items()):
        changed = change(lines, at).splitlines(keepends=True)
        yield f"export: {name}, {place}", partial(_export_found, scene, lines, changed)


def _checkpoint_attacks(scene: Scene) -> Iterator[Case]:
    places = {"head": 0, "middle": len(SIGNED) // 2, "tail": len(SIGNED) - 1}
    for (name, change), (place, at) in product(CHECKPOINTS.items(), places.items()):
        if (name, place) != ("taken away", "tail"):  # who takes that one away cuts the log, too: see below
            yield f"checkpoint: {name}, {place}", partial(_folder_found, scene, change, at)


def _folder_found(scene: Scene, change: Callable[[Scene, Path, list[Path], int], None], at: int) -> bool:
    with scene.copied() as folder, scene.meanwhile() as session:
        change(scene, folder, sorted(folder.glob("*.checkpoint")), at)
        told = [_all_tell(scene, session, folder, key, scene.lines()) for key in scene.public_keys()]
        return not any(WHOLE in one for one in told)


def _all_tell(
    scene: Scene, session: Session, folder: Path, key: str, lines: list[bytes], kept: Path | None = None
) -> set[Told]:
    """Return what is told of the database and of the export; as whole if the script does not agree."""
    path = scene.scratch / "log.jsonl"
    path.write_bytes(b"".join(lines))
    exported = told_exported(path, folder, key, kept)
    script = exported if agrees(exported, path, folder, key, kept) else WHOLE
    return {told_stored(session, folder, key, kept), exported, script}


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
        told = _all_tell(scene, session, folder, str(scene.old.verifier), [one.line() for one in rest], kept)
        return told == {Told(Fault.TRUNCATED, len(rest) + 1)}


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
        return _all_tell(scene, session, scene.folder, key, scene.lines()) == {UNVERIFIABLE}


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
    # Whoever has the new key alone cannot tell who made what it has not signed at the end.
    keys = scene.public_keys() if last is not None and last.origin == scene.new.name else scene.public_keys()[:1]
    with scene.meanwhile() as session:
        path = scene.scratch / "log.jsonl"
        path.write_bytes(b"".join(scene.lines()))
        right = all(_is_told_as_it_is(session, scene, path, key) for key in keys)
    scene.database.engine.dispose()
    shutil.rmtree(folder)
    return right


def _is_told_as_it_is(session: Session, scene: Scene, export: Path, key: str) -> bool:
    signed = CheckpointFolder(scene.folder).newest() == len(scene.entries())
    stored, exported = told_stored(session, scene.folder, key), told_exported(export, scene.folder, key)
    told = (stored, exported) == (WHOLE, WHOLE if signed else UNSIGNED)
    return told and agrees(exported, export, scene.folder, key)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
