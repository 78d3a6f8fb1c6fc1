"""A process that only does jobs takes its port first, forgets the erased, says that it is there, and ends when told."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import func, select

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.nodes import size_of
from explainer.errors import SettingsError
from explainer.manner import Manner
from explainer.pipeline import Explainer
from explainer.server.listening import listening
from explainer.server.metrics_port import metrics_read
from explainer.server.work import _watch, _work, work
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.live import Live
from explainer.service.signing import Signs
from explainer.service.subject.erase import Erasing, erase
from explainer.service.succession import Succession
from explainer.settings import Settings
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.jobs import KINDS, UPGRADE
from explainer.storage.processes import present
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.homes import make_home
from tests.integration.test_upgrades import GOOD


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(tmp_path):
    settings = Settings(_env_file=None, home=tmp_path)  # an empty home, of which loading would complain
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} of"):
            work(settings, KINDS, port=port)


def test_metrics_are_read_while_it_works_and_the_port_is_free_afterwards():
    registry = CollectorRegistry()
    Counter("done", "Done.", registry=registry).inc()
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with metrics_read(listener, registry), urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert b"done_total 1.0" in answer.read()
    with listening("127.0.0.1", port):
        pass


# In a process of its own: what libraries of other tests have done to this one's signals is not the matter here.
HEARING = """
import os, signal, sys, threading
from explainer.server.telling import told_to_stop
sent, lock, stopped = signal.Signals(int(sys.argv[1])), threading.Lock(), threading.Event()
before = signal.getsignal(sent)

def stop():
    with lock:
        stopped.set()

with told_to_stop(stop):
    with lock:
        os.kill(os.getpid(), sent)
    assert stopped.wait(30)
assert signal.getsignal(sent) is before
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heard_whatever_lock_it_finds_held(sent):
    run = subprocess.run([sys.executable, "-c", HEARING, str(int(sent))], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


class Watching:
    """Writes the same for everybody, and looks who is there meanwhile."""

    name, model_hash, adapter_hash = "fixed", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, database):
        self.database, self.seen = database, []

    def write(self, prompts, sampling):
        with self.database.look() as connection:
            self.seen += [(row.role, row.does) for row in present(connection)]
        return [Draft(GOOD) for _ in prompts]


def test_whoever_works_off_what_is_due_says_that_they_are_there_for_as_long_as_they_are(database, model):
    engine, afterwork = Watching(database), Afterwork(JobQueue(database), (UPGRADE,))
    explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine), afterwards=afterwork)
    explainer.explain_top("u1", 1, manner=Manner(ask=False))
    live = Live(explainer)
    _work(live, Succession(live), afterwork, Signs(), None, once=True)
    assert engine.seen == [("worker", UPGRADE)]
    with database.look() as connection:
        assert present(connection) == []


def test_after_a_restored_backup_it_works_for_nobody_who_was_erased(tmp_path, dataset):
    database = make_home(tmp_path, dataset, fit(dataset, HashEncoder(), SMALL_HYBRID))
    database.engine.dispose()
    backup = shutil.copy(tmp_path / "explainer.db", tmp_path / "backup")
    erase(database, Erasing.of(Settings(_env_file=None, home=tmp_path)), "u1", "test")
    database.engine.dispose()
    for left in tmp_path.glob("explainer.db-*"):
        left.unlink()
    shutil.copy(backup, tmp_path / "explainer.db")
    words = ("-c", "from explainer.cli import main; main()", "--home", str(tmp_path), "worker", "--once", "--revive")
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"EXPLAINER_ENGINE": "none"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Tried anew: 0 jobs" in done.stdout + done.stderr
    with database.session() as session:
        mine = select(func.count()).select_from(BehaviourRow).where(BehaviourRow.user_id == "u1")
        assert session.scalar(mine) == 0
        assert CheckpointFolder(tmp_path / "checkpoints").newest() == size_of(session) > 0, "it has signed the log"
    database.engine.dispose()


def test_whatever_a_look_meets_the_worker_looks_again(database, monkeypatch, caplog):
    monkeypatch.setattr("explainer.server.work._LOOK_EVERY_S", 0.0)
    stopped, looks = threading.Event(), []

    def tell():
        looks.append(1)
        if len(looks) == 1:
            raise OSError("no file may be opened any more")
        stopped.set()

    _watch(tell, Afterwork(JobQueue(database), (UPGRADE,)), stopped)
    assert len(looks) == 2
    assert "no file may be opened" in caplog.text
