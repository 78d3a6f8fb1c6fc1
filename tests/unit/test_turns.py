"""Writers take turns, and nobody is lost who cannot have one."""

from __future__ import annotations

import fcntl
import threading

from explainer.storage.turns import turn


def test_one_after_the_other(tmp_path):
    inside, seen = [], []

    def work():
        with turn(tmp_path / "turn"):
            inside.append(1)
            seen.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8


def test_a_turn_that_never_comes_is_done_without(tmp_path):
    file = tmp_path / "turn"
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with turn(file):
            pass


def test_where_no_file_can_be_made_nobody_queues(tmp_path):
    with turn(tmp_path / "no folder" / "turn"):
        pass
