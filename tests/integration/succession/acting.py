"""Who promotes, who writes and who is served, in tests of succession."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from contextlib import contextmanager
from functools import partial

import numpy as np
from litestar.testing import TestClient
from safetensors.numpy import load_file, save_file
from sqlalchemy import select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.files import file_hash
from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.starts import note_writer
from explainer.service.succession import Heirs
from explainer.settings import Settings
from explainer.storage.access_tables import PersonRow
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.processes import present
from explainer.storage.version_tables import ModelVersionRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer

S = 60
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
        assert self.go.wait(S)
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
        app = create_app(self.explainer, 16, S, Parts(heirs=self.heirs))
        with TestClient(app) as client:
            client.headers["X-API-Key"] = key
            yield client, app.state.succession


def settle(succession):
    """Let it look, and wait for what it begins."""
    succession.follow()
    if succession._busy is not None:
        succession._busy.join(S)


def explain(client, user, k=2):
    made = client.post("/v1/explanations", json={"user": user, "k": k}, headers={"Prefer": f"wait={S}"})
    assert made.status_code == 201, made.text
    return made.json()["explanations"]


def writer_version(adapter_hash):
    return hashlib.sha256(f"{Telling.name}\x00{BASE}\x00{adapter_hash}".encode()).hexdigest()


def writers(database):
    """Return the adapter's hash behind each stored explanation's writer, by the explanation's id."""
    with database.session() as session:
        hashes = {row.version: row.details.get("adapter_hash") for row in session.scalars(select(ModelVersionRow))}
        return {row.id: hashes[row.writer_version] for row in session.scalars(select(ExplanationRow))}


def processes(database):
    with database.look() as connection:
        return present(connection)


def until(holds):
    """Wait for what other threads and processes do, of which no event tells."""
    end = time.monotonic() + S
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def callers(engine):
    """Return how many wait for a text of an engine; each of theirs counts."""
    with engine._changed:
        return sum(job.callers for job in engine._unfinished())
