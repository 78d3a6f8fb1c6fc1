"""Another adapter is promoted while the service serves: it writes from then on, or else the old one goes on."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry
from safetensors.numpy import load_file, save_file
from sqlalchemy import select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.audit.check import check_log
from explainer.errors import AssetError, EngineUnavailable
from explainer.files import file_hash
from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.server.engine_metrics import SuccessionMetrics
from explainer.server.parts import Parts
from explainer.service.audited import KEPT
from explainer.service.live import Live
from explainer.service.replay import replay
from explainer.service.starts import note_writer
from explainer.service.succession import NONE_LOADED, Heirs, Succession
from explainer.settings import Settings
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.processes import present
from explainer.storage.service_tables import StartRow
from explainer.storage.tables import AuditEntryRow, ExplanationRow, ModelVersionRow, PersonRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.staff import BROWSER

_S = 60
BASE = "b" * 64


def written(told):
    """Return a draft that is true of what a prompt tells."""
    aspect = re.search(r"^([a-z-]+): ((?:\{\w+\}(?:, )?)+)$", told, re.MULTILINE)
    named = sorted(set(re.findall(r"\{b\d\}", told)))
    return f"{' and '.join([*named, '{item}'])} are {aspect[1] if aspect else 'close'} films."


class Telling:
    """Writes what is true as soon as it is let go, and says who it is by its hash."""

    name, model_hash = "telling", BASE
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, adapter, write=None):
        self.adapter_hash, self._write = adapter, write
        self.go, self.begun, self.closed = threading.Event(), threading.Semaphore(0), threading.Event()
        self.go.set()
        self.prompts = []

    def write(self, prompts, sampling):
        self.begun.release()
        assert self.go.wait(_S)
        self.prompts += [prompt.hash for prompt in prompts]
        return self._write(prompts) if self._write else [Draft(written(prompt.user)) for prompt in prompts]

    def close(self):
        self.closed.set()


def writer_of(database, engine):
    return Writer(PromptLibrary(), load_vocabulary, BatchingEngine(engine), SqlDraftCache(database))


def adapter(folder, number, base=BASE, source=None):
    """Make a folder of an adapter that can be registered; return it and its version."""
    folder.mkdir()
    tensors = load_file(source / "adapter_model.safetensors") if source else {"w": np.full(3, float(number))}
    save_file(tensors, folder / "adapter_model.safetensors", {"number": str(number)})
    for name in ("adapter_config.json", "cues.json"):
        (folder / name).write_bytes((adapter_dir("en") / name).read_bytes())
    version = file_hash(folder / "adapter_model.safetensors")
    facts = {"adapter_hash": version, "base_hash": base, "corpus_hash": "c" * 64, "base_model": "smollm2"}
    (folder / "card.json").write_text(json.dumps(facts | {"date": "2026-01-02", "config": {"rank": 2}}))
    return folder, version


@pytest.fixture
def registry(database, tmp_path):
    """Two adapters are registered, and the first is in production."""
    made = AdapterRegistry(database, lambda: BASE)
    made.versions = [adapter(tmp_path / name, number)[1] for number, name in enumerate("ab")]
    for name in "ab":
        made.add(tmp_path / name)
    made.promote(made.versions[0])
    return made


class Scene:
    """A served explainer, and what loads the writers that are to follow."""

    def __init__(self, database, model, first, clock=time.monotonic):
        self.loads, self.engines = [], {}
        self.explainer = Explainer(database, model, writer_of(database, first))
        self.explainer.adapter = first.adapter_hash
        self.heirs = Heirs(self._load, partial(note_writer, Settings(_env_file=None)), grace_s=0.0)

    def _load(self, database, version):
        self.loads.append(version)
        made = self.engines[version]
        if isinstance(made, Exception):
            raise made
        return writer_of(database, made)

    @contextmanager
    def served(self):
        database = self.explainer.database
        with database.session() as session:
            key = create_key(session, "test", Role.ADMIN)
            add_person(session, "ada", Role.ADMIN, "three green kettles")
            self.token = sign_in(session, session.get_one(PersonRow, "ada"))
        app = create_app(self.explainer, 16, _S, Parts(heirs=self.heirs))
        with TestClient(app) as client:
            client.headers["X-API-Key"] = key
            yield client, app.state.succession


def settle(succession):
    """Let it look, and wait for what it begins."""
    succession.follow()
    if succession._busy is not None:
        succession._busy.join(_S)


def explain(client, user, k=2):
    made = client.post("/v1/explanations", json={"user": user, "k": k}, headers={"Prefer": f"wait={_S}"})
    assert made.status_code == 201, made.text
    return made.json()["explanations"]


def writer_version(adapter_hash):
    return hashlib.sha256(f"{Telling.name}\x00{BASE}\x00{adapter_hash}".encode()).hexdigest()


def writers(database):
    """Return the adapter's hash behind each stored explanation's writer, by the explanation's id."""
    with database.session() as session:
        hashes = {row.version: row.details.get("adapter_hash") for row in session.scalars(select(ModelVersionRow))}
        return {row.id: hashes[row.writer_version] for row in session.scalars(select(ExplanationRow))}


def test_a_promotion_while_texts_are_written_costs_nobody_theirs_and_each_names_who_wrote_it(database, model, registry):
    a, b = registry.versions
    old, new = Telling(a), Telling(b)
    scene = Scene(database, model, old)
    scene.engines[b] = new
    old.go.clear()
    with scene.served() as (client, succession), ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(explain, client, f"u{n}") for n in range(4)]
        assert old.begun.acquire(timeout=_S)
        registry.promote(b)
        settle(succession)
        assert succession.taken == 1, succession.trouble
        later = explain(client, "u1")
        old.go.set()
        before = [one for answer in under_way for one in answer.result()]
        assert old.closed.wait(_S), "the old one goes once nobody waits for it"
        assert explain(client, "u1", 1)[0]["source"] == "model"
    assert {one["source"] for one in before + later} == {"model"}
    by = writers(database)
    assert {by[one["id"]] for one in before} == {a}
    assert {by[one["id"]] for one in later} == {b}
    assert set(old.prompts) & set(new.prompts), "no draft of the one is taken for one of the other"
    served = scene.explainer.with_writer(writer_of(database, Telling(b)), b)
    assert {replay(served, one["id"]).outcome for one in before} == {"exact"}
    served.writer.engine.close()


def test_taking_up_is_on_the_record_of_each_process_and_the_log_proves_it(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.engines |= {a: Telling(a), b: Telling(b)}
    with scene.served() as (_, succession):
        registry.promote(b)
        settle(succession)
        registry.rollback()
        settle(succession)
    with database.session() as session:
        rows = {row.id: row for row in session.scalars(select(StartRow))}
        entries = (
            select(AuditEntryRow).where(AuditEntryRow.event == "service.writer_changed").order_by(AuditEntryRow.seq)
        )
        taken = [rows[entry.record_id] for entry in session.scalars(entries)]
        assert check_log(session, KEPT).sound
    assert [row.writer for row in taken] == [writer_version(b), writer_version(a)]
    assert all(row.place for row in taken)


def refusing(prompts):
    raise EngineUnavailable("no memory")


def crashing(prompts):
    raise RuntimeError("CUDA error")


BROKEN = {
    "a file that cannot be loaded": (AssetError("x is damaged"), "x is damaged"),
    "a library that fails": (ValueError("shapes"), "shapes"),
    "one that cannot write": (refusing, "cannot write"),
    "one that crashes": (crashing, "cannot write"),
    "one that writes rubbish": (lambda prompts: [Draft("50% off!")] * len(prompts), "none of 4 texts"),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN.values(), ids=BROKEN)
def test_with_a_broken_adapter_the_old_one_goes_on_and_everybody_is_told(database, model, registry, broken, why):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.engines[b] = broken if isinstance(broken, Exception) else Telling(b, broken)
    with scene.served() as (client, succession):
        registry.promote(b)
        for _ in range(5):
            settle(succession)
        assert scene.loads == [b], "not again and again"
        assert why in succession.trouble
        assert explain(client, "u1")[0]["source"] == "model"
        ready = client.get("/health/ready").json()
        assert ready["status"] == "degraded"
        assert "adapter in production could not be loaded" in " ".join(ready["reasons"])
        told = client.get("/metrics").text
        assert "explainer_adapter_current 0.0" in told
        assert 'explainer_adapter_changes_total{result="failed"} 1.0' in told
        until(lambda: [row.trouble for row in processes(database) if why in row.trouble])
        page = client.get("/admin", headers={"X-API-Key": "", "Cookie": f"{COOKIE}={scene.token}"} | BROWSER)
        assert (page.status_code, why in page.text) == (200, True)
        registry.rollback()
        settle(succession)
        assert (succession.trouble, scene.loads) == ("", [b])
    assert set(writers(database).values()) == {a}


def processes(database):
    with database.look() as connection:
        return present(connection)


def until(holds):
    """Wait for what other threads and processes do, of which no event tells."""
    end = time.monotonic() + _S
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_what_failed_is_tried_again_after_pauses_that_grow_or_when_something_changed(
    database, model, registry, tmp_path
):
    a, b = registry.versions
    scene, seconds = Scene(database, model, Telling(a)), [0.0]
    scene.engines[b] = AssetError("gone")
    succession = Succession(Live(scene.explainer), scene.heirs, lambda: seconds[0])
    registry.promote(b)
    tries = []
    for second in range(0, 800, 10):
        seconds[0] = float(second)
        settle(succession)
        tries += [second] * (len(scene.loads) - len(tries))
    assert tries == [0, 30, 150, 750]
    scene.engines[b] = Telling(b)
    registry.add(adapter(tmp_path / "c", 7)[0])
    settle(succession)
    assert (succession.taken, succession.trouble) == (1, "")
    succession.close()


def test_a_service_that_began_on_templates_takes_up_what_is_promoted_then(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.explainer.writer.engine.close()
    live = Live(
        Explainer(database, model, Writer(PromptLibrary(), load_vocabulary), notes=("Texts come from templates.",))
    )
    live.explainer.adapter = NONE_LOADED
    scene.engines[b] = Telling(b)
    succession = Succession(live, scene.heirs)
    settle(succession)
    assert scene.loads == [], "what failed at the start is not tried again at once"
    registry.promote(b)
    settle(succession)
    assert live.explainer.notes == ()
    assert live.explainer.explain_top("u1", 1)[0].source == "model"
    succession.close()


def test_another_adapter_than_was_promoted_is_not_taken_for_it(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.engines[b] = Telling(a)
    succession = Succession(Live(scene.explainer), scene.heirs)
    registry.promote(b)
    settle(succession)
    assert "exchanged meanwhile" in succession.trouble
    metrics = CollectorRegistry()
    SuccessionMetrics(succession, metrics).refresh()
    assert metrics.get_sample_value("explainer_adapter_current") == 0
    succession.close()


def test_what_comes_too_late_for_a_process_that_ends_is_thrown_away(database, model, registry):
    a, b = registry.versions
    scene, late = Scene(database, model, Telling(a)), Telling(b)
    scene.engines[b] = late
    late.go.clear()
    live = Live(scene.explainer)
    succession = Succession(live, scene.heirs)
    registry.promote(b)
    succession.follow()
    assert late.begun.acquire(timeout=_S)
    threading.Timer(0, late.go.set).start()
    succession.close()
    succession._busy.join(_S)
    assert late.closed.is_set()
    assert live.explainer.adapter == a


def test_the_real_model_is_tried_and_takes_over(database, model, registry, merged):
    from explainer.writing.cues import CueTable
    from explainer.writing.engines.openvino_genai import OpenVinoEngine

    a, b = registry.versions
    real = OpenVinoEngine(merged)
    real.adapter_hash = b
    scene = Scene(database, model, Telling(a))
    cues = CueTable.load(adapter_dir("en"))
    made = Writer(PromptLibrary(), load_vocabulary, BatchingEngine(real), SqlDraftCache(database), cues)
    live = Live(scene.explainer)
    succession = Succession(live, Heirs(lambda *_: made, scene.heirs.note, 0.0))
    registry.promote(b)
    settle(succession)
    assert succession.trouble == ""
    rows = live.explainer.explain_top("u1", 3)
    assert "model" in {row.source for row in rows}
    assert {row.writer_version for row in rows} == {live.explainer.writer_version}
    succession.close()
