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

from explainer.errors import SettingsError
from explainer.server.listening import listening
from explainer.server.metrics_port import metrics_read
from explainer.server.telling import told_to_stop
from explainer.server.work import work
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from explainer.storage.jobs import KINDS
from explainer.storage.tables import BehaviourRow
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.homes import make_home


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


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heard_whatever_lock_it_finds_held(sent):
    lock, stopped, before = threading.Lock(), threading.Event(), signal.getsignal(sent)

    def stop():
        with lock:
            stopped.set()

    with told_to_stop(stop):
        with lock:
            os.kill(os.getpid(), sent)
        assert stopped.wait(30)
    assert signal.getsignal(sent) is before


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
    database.engine.dispose()
