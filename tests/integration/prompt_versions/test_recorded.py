"""Every change of versions is recorded: whole, in the log, in an order, and kept by the migration."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, select

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.loading import make_prompts
from explainer.registry.record import change_record
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.changes import InUse
from explainer.storage.database import Database, _alembic
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.version_tables import PromptVersionRow, RegistryChangeRow
from explainer.writing.prompts import PromptLibrary
from tests.integration.commands import run
from tests.integration.prompt_versions.acting import CUSTOMER


def test_every_change_leaves_an_audit_entry_that_the_change_proves(home, two):
    first, second = two
    run(home, "prompts", "promote", first)
    run(home, "prompts", "split", first, second, "--percent", "9")
    run(home, "prompts", "rollback")
    with Database(Settings(home=home).url).session() as session:
        changes = list(session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number)))
        mine = select(AuditEntryRow).where(AuditEntryRow.event.like("prompt.%"))
        entries = list(session.scalars(mine.order_by(AuditEntryRow.seq)))
    assert [e.event for e in entries] == [
        *["prompt.added"] * 2,
        "prompt.promoted",
        "prompt.split",
        "prompt.rolled_back",
    ]
    assert [e.record_id for e in entries] == [c.id for c in changes]
    assert all(log.proves(entry, change_record(change)) for entry, change in zip(entries, changes, strict=True))


@pytest.mark.parametrize("action", ["add", "promote", "split", "rollback"])
def test_change_and_audit_entry_stand_or_fall_together(home, two, make, monkeypatch, action):
    registry = make_prompts(Settings(home=home))
    registry.promote(two[0], CUSTOMER)
    before, library = (registry.in_use(CUSTOMER), len(registry.versions(CUSTOMER))), PromptLibrary(make("x")[0])

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    change = {
        "add": lambda: registry.add(library, CUSTOMER),
        "promote": lambda: registry.promote(two[1], CUSTOMER),
        "split": lambda: registry.split(*two, 50, CUSTOMER),
        "rollback": lambda: registry.rollback(CUSTOMER),
    }[action]
    with pytest.raises(RuntimeError, match="power cut"):
        change()
    assert (registry.in_use(CUSTOMER), len(registry.versions(CUSTOMER))) == before


def test_of_two_changes_at_the_same_moment_one_is_refused(home, two, monkeypatch):
    from explainer.storage import changes

    real = changes.changes
    monkeypatch.setattr(changes, "changes", lambda session, kind, style: real(session, kind, style)[:-1])
    registry = make_prompts(Settings(home=home))
    with pytest.raises(ConflictError, match="refused"):
        registry.promote(two[0], CUSTOMER)
    assert registry.in_use(CUSTOMER) == InUse()


def test_the_migration_goes_down_and_up_again_and_keeps_what_was_there(explainer, database):
    from alembic import command

    explainer.explain_top("u2", 2)
    config = _alembic(database.url)
    command.downgrade(config, "0005")
    assert not {"adapters", "registry_changes"} & set(inspect(database.engine).get_table_names())
    database.migrate()
    indexes = {index["name"]: index for index in inspect(Database(database.url).engine).get_indexes("adapters")}
    assert indexes["uq_adapters_production"]["unique"]
    with database.session() as session:
        assert len(list(session.scalars(select(ExplanationRow)))) == 2
        assert len(list(session.scalars(select(PromptVersionRow)))) == 1
