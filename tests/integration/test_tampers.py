"""Whatever is done to a log is found, by us and by the stand-alone script, and a log that nobody touched is whole.

Always on SQLite, whose file is flipped bit by bit; the attacks by SQL on PostgreSQL are in ``test_postgresql``.
"""

from __future__ import annotations

import pytest

from explainer.audit.verify import Fault
from explainer.bench.attacks import CHECKPOINTS, EXPORTS, HISTORIES, KEYLESS, NODES
from explainer.bench.flips import flip, flip_bytes
from explainer.bench.scene import make_scene
from explainer.bench.tampers import attack, tampered
from explainer.bench.verdicts import WHOLE, Found, Told, agrees, told_exported, told_stored


def quiet(*_):
    """Says nothing of how far it is."""


def url_of(folder):
    return f"sqlite:///{folder / 'scene.db'}"


@pytest.fixture
def scene(tmp_path):
    made = make_scene(url_of(tmp_path), tmp_path)
    yield made
    made.database.engine.dispose()


def test_every_attack_by_script_is_found(scene):
    found = Found()
    attack(scene, found, quiet)
    assert found.missed == []
    by_place = 3 * len(HISTORIES) + len(NODES) + len(KEYLESS) + len(EXPORTS)
    assert found.cases >= 4 * by_place + 3 * len(CHECKPOINTS) - 1 > 400


def test_every_flipped_bit_is_found(scene):
    found = Found()
    flip(scene, 120, found, quiet)
    assert (found.flips, found.flips_missed) == (120, [])


def test_a_bit_flipped_in_a_database_s_file_is_found_or_changed_nothing_of_the_log(scene):
    found = Found()
    flip_bytes(scene, 150, found, quiet)
    assert found.raw_missed == []
    assert found.raw_changed > 0, "some of them hit the log"


def test_a_scene_that_nobody_touched_is_whole(scene, tmp_path):
    export = tmp_path / "log.jsonl"
    export.write_bytes(b"".join(scene.lines()))
    for key in scene.public_keys():
        with scene.meanwhile() as session:
            assert told_stored(session, scene.folder, key) == WHOLE
        assert told_exported(export, scene.folder, key) == WHOLE
        assert agrees(WHOLE, export, scene.folder, key)


def test_what_the_bench_writes(tmp_path):
    told = tampered(url_of(tmp_path), tmp_path / "all", flips=6, clean=6, on_step=quiet).report()
    assert told["tampers"]["cases"] == told["tampers"]["detected"] >= 306
    assert (told["tampers"]["missed"], told["tampers"]["clean_logs"], told["false_alarms"]) == ([], 6, 0)


def test_a_log_and_its_checkpoints_cut_together_are_whole_to_who_kept_nothing(scene):
    """Why an auditor keeps the last checkpoint: it alone tells."""
    kept = max(scene.folder.glob("*.checkpoint"))
    export, log = scene.scratch / "log.jsonl", scene.lines()
    export.write_bytes(b"".join(log[:20]))
    with scene.copied() as folder:
        for path in folder.glob("*.checkpoint"):
            if int(path.stem) > 20:
                path.unlink()
        assert agrees(WHOLE, export, folder, str(scene.old.verifier))
        assert agrees(Told(Fault.TRUNCATED), export, folder, str(scene.old.verifier), kept)
