"""Adapters from folder to production and back: registered, promoted, rolled back, retired, all on the record."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.loading import make_adapters, make_engine
from explainer.pipeline import Explainer
from explainer.registry.record import change_record
from explainer.settings import Settings
from explainer.storage.adapters import Label
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.database import Database
from explainer.storage.version_tables import AdapterRow, ModelVersionRow, RegistryChangeRow
from explainer.writing.engines.weights import weights_hash
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.adapters.acting import labels, sha
from tests.integration.commands import run, said
from tests.integration.test_tuning import base as llama  # noqa: F401  a fixture


def test_the_shipped_adapter_writes_until_another_is_promoted(home, three):
    assert "ships with the package writes" in said(run(home, "adapters", "list"))
    assert "takes it up" in said(run(home, "adapters", "promote", three[0][:6]))
    listed = said(run(home, "adapters", "list"))
    assert f"{three[0][:12]} writes." in listed
    assert "75%" in listed
    assert labels(home) == {three[0]: "production", three[1]: "candidate", three[2]: "candidate"}


def test_promoting_retires_and_rolling_back_undoes_step_by_step(home, three):
    a, b, c = three
    for version in three:
        assert run(home, "adapters", "promote", version).exit_code == 0
    assert labels(home) == {a: "retired", b: "retired", c: "production"}
    assert b[:12] in said(run(home, "adapters", "rollback"))
    assert labels(home) == {a: "retired", b: "production", c: "retired"}
    assert a[:12] in said(run(home, "adapters", "rollback"))
    assert run(home, "adapters", "promote", c).exit_code == 0
    assert a[:12] in said(run(home, "adapters", "rollback")), "the promotion of b was undone before: it does not count"
    assert "ships with the package" in said(run(home, "adapters", "rollback"))
    assert set(labels(home).values()) == {"retired"}
    last = run(home, "adapters", "rollback")
    assert (last.exit_code, "nothing to roll back" in said(last)) == (1, True)


def test_every_change_leaves_an_audit_entry_that_the_change_proves(home, three):
    run(home, "adapters", "promote", three[0])
    run(home, "adapters", "promote", three[1])
    run(home, "adapters", "rollback")
    run(home, "adapters", "retire", three[2])
    with Database(Settings(home=home).url).session() as session:
        changes = list(session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number)))
        about = select(AuditEntryRow).where(AuditEntryRow.event.startswith("adapter."))
        entries = list(session.scalars(about.order_by(AuditEntryRow.seq)))
    assert [entry.event for entry in entries] == [
        *["adapter.added"] * 3,
        *["adapter.promoted"] * 2,
        "adapter.rolled_back",
        "adapter.retired",
    ]
    assert [c.version for c in changes] == [*three, three[0], three[1], three[0], three[2]]
    assert [e.record_id for e in entries] == [c.id for c in changes]
    assert all(log.proves(entry, change_record(change)) for entry, change in zip(entries, changes, strict=True))


@pytest.mark.parametrize("action", ["promote", "rollback", "retire"])
def test_change_and_audit_entry_stand_or_fall_together(home, three, monkeypatch, action):
    registry = make_adapters(Settings(home=home))
    registry.promote(three[0])
    registry.promote(three[1])
    before = labels(home)

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        registry.rollback() if action == "rollback" else getattr(registry, action)(three[2])
    assert labels(home) == before
    assert len(registry.history("en")) == 5


def test_the_database_itself_allows_one_production_adapter_per_locale(home, three):
    database = Database(Settings(home=home).url)
    make_adapters(Settings(home=home)).promote(three[0])
    with pytest.raises(ConflictError, match="refused"), database.session() as session:
        session.get(AdapterRow, three[1]).label = Label.PRODUCTION.value
    with database.engine.begin() as connection:
        row = {"version": "z", "name": "z", "locale": "zh", "folder": "/", "base_hash": "b", "card": {}}
        row |= {"label": "production"}
        connection.execute(insert(AdapterRow).values(**row))
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(insert(AdapterRow).values(**row | {"version": "y"}))


def test_of_two_promotions_at_the_same_moment_one_is_refused(home, three, monkeypatch):
    from explainer.storage import changes

    registry = make_adapters(Settings(home=home))
    real = changes.changes

    def stale(session, kind, scope):
        return real(session, kind, scope)[:-1]  # what the slower one read before the faster one committed

    monkeypatch.setattr(changes, "changes", stale)
    with pytest.raises(ConflictError, match="refused"):
        registry.promote(three[0])
    assert set(labels(home).values()) == {"candidate"}


def test_no_adapter_is_promoted_or_retired_twice_or_retired_in_production(home, three):
    run(home, "adapters", "promote", three[0])
    run(home, "adapters", "retire", three[1])
    assert "in production for en already" in said(run(home, "adapters", "promote", three[0]))
    assert "explainer adapters rollback" in said(run(home, "adapters", "retire", three[0]))
    assert "retired already" in said(run(home, "adapters", "retire", three[1]))
    assert run(home, "adapters", "promote", three[1]).exit_code == 0, "a retired one may come back"


def test_show_prints_card_and_history_and_hostile_names_as_text(home, make, tmp_path):
    folder, version = make("evil", 9, note="\x1b[31mred [bold]x")
    assert run(home, "adapters", "add", str(folder), "--name", "\x1b[2J[bold]\u202eName").exit_code == 0
    for words in (["list"], ["show", version]):
        result = run(home, "adapters", *words)
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.output
        assert "[bold]" in result.output
    out = tmp_path / "out.json"
    shown = run(home, "adapters", "show", version[:8], "--json", str(out))
    assert '"rank": 2' in shown.output
    assert json.loads(out.read_text())["card"]["note"] == "\x1b[31mred [bold]x"
    assert run(home, "adapters", "list", "--json", str(out)).exit_code == 0
    assert [row["version"] for row in json.loads(out.read_text())] == [version]
    assert "200" in said(run(home, "adapters", "add", str(make("b", 1)[0]), "--name", "n" * 201))


def test_an_explicit_adapter_goes_before_the_one_in_production(home, three, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_ADAPTER", str(tmp_path / "mine"))
    assert "EXPLAINER_ADAPTER is set" in said(run(home, "adapters", "promote", three[0]))
    assert "EXPLAINER_ADAPTER writes" in said(run(home, "adapters", "list"))
    from explainer.errors import AssetError

    with pytest.raises(AssetError, match="mine"):
        make_engine(Settings(home=home), Database(Settings(home=home).url))


def test_the_promoted_adapter_writes_and_stands_in_the_record(llama, database, model, tmp_path, monkeypatch):  # noqa: F811
    """On a small Llama of random weights: what it writes fails the gate, but who wrote is on the record."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "lora"
    config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    get_peft_model(AutoModelForCausalLM.from_pretrained(llama), config).save_pretrained(folder)
    version = sha((folder / "adapter_model.safetensors").read_bytes())
    facts = {"adapter_hash": version, "base_hash": weights_hash(llama), "corpus_hash": "c" * 64}
    (folder / "card.json").write_text(json.dumps(facts | {"base_model": str(llama), "date": "d", "config": {}}))
    monkeypatch.setenv("EXPLAINER_BASE_MODEL", str(llama))
    settings = Settings(home=tmp_path / "home", database_url=database.url)
    registry = make_adapters(settings)
    registry.add(folder)
    registry.promote(version[:10])
    engine = make_engine(settings, database)
    explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine))
    row = explainer.explain_top("u2", 1)[0]
    with database.session() as session:
        assert session.get(ModelVersionRow, row.writer_version).details["adapter_hash"] == version
