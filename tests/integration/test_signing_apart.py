"""Processes that sign one log see whether they do it with one key and into one folder, and say what to do if not."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager

import pytest
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.audit.checkpointer import Checkpointer
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import make_signer
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.server.parts import Parts
from explainer.service.presence import API, WORKER, Presence
from explainer.service.signing import TOLD, Apart, Signs
from explainer.storage.access_tables import PersonRow
from tests.integration.staff import BROWSER

_S = 60


@pytest.fixture
def host(database, tmp_path):
    """Makes what signs on a host with this key, into this folder; none of it signs by itself meanwhile."""
    made = []

    def signs(key, folder):
        checkpoints = CheckpointFolder(tmp_path / folder)
        signer = make_signer(tmp_path / key, checkpoints)
        made.append(Checkpointer(database, checkpoints, signer, 10_000, 10_000.0))
        return made[-1]

    yield signs
    for one in made:
        one.close()


def seen(explainer, *signs):
    """Return what the last of several processes sees, once all have said that they are there."""
    for one in signs:
        last = Presence(API, signs=one)
        last.say(explainer)
    return last.apart


@pytest.mark.parametrize(
    ("key", "folder", "expected"),
    [
        ("one.key", "one", ()),
        ("one.key", "mounted elsewhere", ()),
        ("two.key", "one", (Apart.KEYS,)),
        ("one.key", "two", (Apart.FOLDERS,)),
        ("two.key", "two", (Apart.KEYS, Apart.FOLDERS)),
    ],
)
def test_what_two_hosts_sign_with_is_compared_and_folders_by_what_is_in_them(
    explainer, host, tmp_path, caplog, key, folder, expected
):
    (tmp_path / "one").mkdir()
    (tmp_path / "mounted elsewhere").symlink_to(tmp_path / "one")
    with caplog.at_level(logging.WARNING):
        assert seen(explainer, *(Signs.of(host(*given)) for given in [("one.key", "one"), (key, folder)])) == expected
    assert [kind for kind in Apart if TOLD[kind] in caplog.text] == list(expected)


def test_whoever_signs_nothing_and_whoever_has_gone_do_not_count(explainer, host):
    ours = Presence(API, signs=Signs.of(host("one.key", "one")))
    ours.say(explainer)
    Presence(WORKER).say(explainer)
    other = Presence(API, signs=Signs.of(host("two.key", "one")))
    other.say(explainer)
    assert other.apart == (Apart.KEYS,)
    other.leave(explainer)
    assert seen(explainer, Signs.of(host("one.key", "one"))) == ()


def test_a_folder_that_cannot_be_written_has_no_mark_and_is_no_reason_not_to_start(explainer, host, tmp_path):
    (tmp_path / "file").write_text("no folder")
    signs = Signs.of(host("one.key", "file"))
    assert signs.folder == ""
    assert seen(explainer, Signs.of(host("one.key", "one")), signs) == ()


@contextmanager
def served(explainer, checkpointer):
    app = create_app(explainer, queue=4, parts=Parts(checkpointer=checkpointer))
    with TestClient(app) as client:
        yield client


def test_a_service_that_is_apart_from_another_says_so_on_health_and_to_its_admins(explainer, database, host):
    with database.session() as session:
        add_person(session, "ada", Role.ADMIN, "three green kettles")
        token = sign_in(session, session.get_one(PersonRow, "ada"))
    first = Presence(API, signs=Signs.of(host("one.key", "one")))
    first.say(explainer)
    with served(explainer, host("two.key", "one")) as client:
        end = time.monotonic() + _S
        while (ready := client.get("/health/ready").json())["status"] == "ready":
            assert time.monotonic() < end
            first.say(explainer)  # it is still there
        assert ready == {"status": "degraded", "reasons": [TOLD[Apart.KEYS]]}
        page = client.get("/admin", headers=BROWSER | {"Cookie": f"{COOKIE}={token}"}).text
        assert "takes the other&#39;s checkpoints for forged" in page or "takes the other's checkpoints" in page
        assert host("one.key", "one").key.split("+")[0] in page
