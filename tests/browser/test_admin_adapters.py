"""Adapters on the admin page in a real browser: promoted, replaced, rolled back to nothing; each on the record."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.server.words import words_in
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.staff import names_of
from explainer.storage.version_tables import RegistryChangeRow
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import PLAIN, Gallery
from tests.integration.adapters.acting import make_adapter
from tests.integration.watched import Scripted

pytestmark = NEEDS_CHROMIUM
BASE = "b" * 64


@pytest.fixture
def explainer(database, model):
    """Its engine has the base model that the adapters are of."""
    engine = Scripted("{item} won 3 Oscars.")
    engine.model_hash = BASE
    worker = BatchingEngine(engine, Limits())
    yield Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, worker))
    worker.close()


@pytest.fixture
def two(explainer, database, tmp_path):
    """The versions of two adapters that are registered."""
    made = [make_adapter(tmp_path / name, BASE, number) for number, name in enumerate(["first", "second"])]
    for folder, _ in made:
        AdapterRegistry(database, lambda: BASE, "olga").add(folder)
    return [version for _, version in made]


@pytest.mark.parametrize("way", PLAIN)
def test_an_adapter_is_promoted_replaced_and_rolled_back_step_by_step(reader, database, two, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-adapters-use", way)
    first, second = two
    page = reader(Role.ADMIN, locale, scheme, width, script=script)
    page.goto("/admin/versions")

    def press(word, version):
        page.get_by_role("button", name=t(word, version=version[:12])).click()

    def states(*labels):
        for version, label in zip(two, labels, strict=True):
            expect(page.get_by_role("row").filter(has_text=version[:12]).locator(".tag")).to_have_text(
                t(f"admin.label.{label}")
            )
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.get_by_text(t("admin.adapters.none_used"))).to_have_count(int("production" not in labels))

    states("candidate", "candidate")
    gallery.take(page, "candidates")
    press("admin.promote_one", first)
    states("production", "candidate")
    press("admin.promote_one", second)
    states("retired", "production")
    gallery.take(page, "promoted")
    press("admin.rollback_one", second)
    states("production", "retired")
    press("admin.rollback_one", first)
    states("retired", "retired")
    gallery.take(page, "rolled-back")

    with database.session() as session:
        changes = session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number)).all()[2:]
        entries = session.scalars(select(AuditEntryRow).order_by(AuditEntryRow.seq)).all()
        names = names_of(session, [c.by for c in changes])
    assert [(c.action, c.version) for c in changes] == [
        ("promoted", first),
        ("promoted", second),
        ("rolled_back", first),
        ("rolled_back", None),
    ]
    assert {names[c.by] for c in changes} == {"ada"}
    assert [c.id for c in changes] == [e.record_id for e in entries if e.event.startswith("adapter.")][2:]
