"""Everything that must be on record has an entry: one way of doing each, and the name of its entry."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select

from explainer.access import Role
from explainer.access.keys import create_key, revoke_key, rotate_key
from explainer.access.people import add_person, disable, forget_person, set_password
from explainer.audit.check import check_log
from explainer.cli import main
from explainer.registry.prompts import PromptRegistry
from explainer.service.audited import KEPT
from explainer.service.retention import apply, ends
from explainer.service.starts import note_start, public_settings
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.service_tables import StartRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.integration.traces import USER, desk_of, live

LISTED = {
    "explanation shown": "explanation.created",
    "suppress": "explanation.suppressed",
    "feedback": "feedback.given",
    "view": "record.viewed",
    "exclusion": "behaviour.excluded",
    "exclusion taken back": "behaviour.included",
    "settings": "settings.changed",
    "erasure": "erasure.done",
    "export": "subject.exported",
    "retention": "retention.applied",
    "key made": "key.created",
    "key replaced": "key.rotated",
    "key ended": "key.revoked",
    "role given": "person.added",
    "role taken": "person.disabled",
    "password": "person.password",
    "person removed": "person.removed",
    "prompt promotion": "prompt.promoted",
    "config at start": "service.started",
}
"""What the record must have; revisions and adapters have tests of their own (test_upgrades, test_adapters)."""


def staff(database):
    with database.session() as session:
        add_person(session, "sue", Role.SUPPORT, "three green kettles")
        set_password(session, "sue", "three red kettles!")
        disable(session, "sue")
        forget_person(session, "sue")
        create_key(session, "shop")
        rotate_key(session, "shop", timedelta(0))
        revoke_key(session, "shop")


@pytest.fixture
def done(explainer, database):
    with desk_of(explainer) as desk:
        live(desk)
        desk.ask(Role.APP, "GET", f"/v1/users/{USER}/export")
        desk.ask(Role.APP, "DELETE", f"/v1/users/{USER}")
    staff(database)
    explainer.explain_top("u1", 1)
    apply(database, ends(Settings(_env_file=None, keep_explanations=1), now() + timedelta(days=9)))
    library = PromptLibrary()
    PromptRegistry(database, library, library).promote(library.version(Style()), Style())
    note_start(Settings(_env_file=None), explainer)
    with database.session() as session:
        return set(session.scalars(select(AuditEntryRow.event)))


def test_everything_that_must_be_on_record_is(done, database):
    assert set(LISTED.values()) <= done, set(LISTED.values()) - done
    with database.session() as session:
        found = check_log(session, KEPT)
    assert found.sound, found.findings


def test_an_unmasked_look_says_so(explainer, database):
    with desk_of(explainer) as desk:
        desk.ask(Role.ADMIN, "GET", "/v1/users/u1/export")
        views = desk.ask(Role.AUDITOR, "GET", "/v1/users/u1/views").json()["views"]
    assert [view["unmasked"] for view in views] == [True]


def test_the_settings_on_record_hold_no_secret():
    told = public_settings(
        Settings(
            _env_file=None,
            database_url="postgresql+pg8000://shop:hidden-word@db.example/x",
            database_direct="postgresql+pg8000://shop:hidden-word@pg.example/x?password=hidden-word",
            openai_url="https://user:hidden-word@pool.example:8001/v1",
            openai_key=SecretStr("hidden-word"),
        )
    )
    assert "hidden-word" not in json.dumps(told)
    assert told["openai_url"] == "https://pool.example:8001/v1"
    assert told["database_direct"] == "postgresql+pg8000://shop:***@pg.example/x"
    assert (told["port"], told["openai_key"]) == (8000, "set")


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("http://a:8000;limit=9, https://u:hidden-word@b/v1?k=hidden-word", "http://a:8000;limit=9, https://b/v1"),
        ("https://u:x,hidden-word@b/v1", "set"),
        ("https://u:x;hidden-word@b/v1", "set"),
        ("https://[hidden-word", "set"),
        ("", ""),
    ],
)
def test_servers_are_on_record_without_whatever_may_be_a_password(setting, shown):
    assert public_settings(Settings(_env_file=None, openai_url=setting))["openai_url"] == shown


def test_a_start_is_on_record_as_it_was(explainer, database):
    note_start(Settings(_env_file=None, port=8123), explainer)
    with database.session() as session:
        row = session.scalars(select(StartRow)).one()
        assert (row.settings["port"], row.recommender) == (8123, explainer.model.version)
        row.settings = row.settings | {"port": 9}
    with database.session() as session:
        assert check_log(session, KEPT).digests_wrong == 1


def run(home, *words, **more):
    return CliRunner().invoke(main, ["--home", str(home), *words], **more)


def test_the_commands_show_first_and_ask_before_they_remove(explainer, database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    explainer.explain_top("u1", 2)
    shown = run(tmp_path, "subject", "erase", "u1", "--dry-run")
    assert (shown.exit_code, "behaviours" in shown.output) == (0, True)
    refused = run(tmp_path, "subject", "erase", "u1", input="n\n")
    assert refused.exit_code == 1
    assert run(tmp_path, "subject", "export", "u1", str(tmp_path / "u1.zip")).exit_code == 0
    assert (tmp_path / "u1.zip").stat().st_mode & 0o077 == 0
    receipt = tmp_path / "receipt.json"
    erased = run(tmp_path, "subject", "erase", "u1", "--yes", "--receipt", str(receipt))
    assert erased.exit_code == 0, erased.output
    assert run(tmp_path, "subject", "check", str(receipt)).exit_code == 3  # no log was ever signed here
    receipt.write_text(receipt.read_text().replace('"behaviours": 15', '"behaviours": 14'))
    assert run(tmp_path, "subject", "check", str(receipt)).exit_code == 2
    again = run(tmp_path, "subject", "reapply")
    assert again.output.startswith("0 erasures")
    assert run(tmp_path, "retention", "--dry-run").exit_code == 0
    assert run(tmp_path, "retention", "--yes").exit_code == 0
