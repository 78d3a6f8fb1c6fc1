"""What an operator is shown of every server: in metrics, on the page, and by ``explainer engines``."""

from __future__ import annotations

import json

from click.testing import CliRunner
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.cli.common import console
from explainer.cli.main import main
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Sampling
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.pool.acting import BUSY, MODELS, NAME, PROMPTS, echo, engine_of, pools_of
from tests.pool import GOOD, answer, completion


def test_an_operator_sees_every_server_in_metrics_and_on_the_page(explainer, database):
    with (
        pools_of([echo], [BUSY]) as (good, bad),
        engine_of(good, bad, limits=(16, 4)) as engine,
        BatchingEngine(engine) as worker,
    ):
        engine.write(PROMPTS[:4], Sampling())
        writer = Writer(PromptLibrary(), load_vocabulary, worker, SqlDraftCache(database))
        with database.session() as session:
            key = create_key(session, "watcher", Role.ADMIN)
        bad.models = answer(b"", "500 x")
        engine.look()
        shown = Explainer(database, explainer.model, writer)
        with TestClient(create_app(shown, 4)) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            metrics = client.get("/metrics").text
            pages = [client.get("/admin", headers={"Accept-Language": locale}).text for locale in ("en", "zh")]
    failures = engine.endpoints[1].failures
    assert failures > 0
    for line in (
        f'explainer_engine_up{{endpoint="{good.url}"}} 1.0',
        f'explainer_engine_up{{endpoint="{bad.url}"}} 0.0',
        f'explainer_engine_in_flight{{endpoint="{good.url}"}} 0.0',
        f'explainer_engine_in_flight_limit{{endpoint="{good.url}"}} 16.0',
        f'explainer_engine_requests_total{{endpoint="{good.url}"}} 4.0',
        f'explainer_engine_failures_total{{endpoint="{bad.url}"}} {failures:.1f}',
    ):
        assert line in metrics
    for page in pages:
        assert good.url in page
        assert "status 500" in page


def test_the_command_tries_every_server_and_tells_them_apart(monkeypatch, tmp_path):
    with pools_of([completion(GOOD)], [completion("Rubbish 7!")], [BUSY], models=MODELS) as pools:
        monkeypatch.setenv("EXPLAINER_OPENAI_URL", ",".join(pool.url for pool in pools))
        monkeypatch.setenv("EXPLAINER_OPENAI_MODEL", NAME)
        monkeypatch.setattr(console, "width", 220)
        run = CliRunner().invoke(main, ["engines", "--json", str(tmp_path / "found.json")])
        assert run.exit_code == 1, run.output
        for word in ("not usable", "usable", "/models/smollm2", "/adapters/en", "You gave {b1}", "status 503"):
            assert word in run.output
        assert "different sentences" in run.output
        found = json.loads((tmp_path / "found.json").read_bytes())
        assert [bool(one["trouble"]) for one in found] == [False, False, True]
        assert "Zqvxk" not in json.dumps([pool.requests for pool in pools])  # no title reaches a model
        monkeypatch.setenv("EXPLAINER_OPENAI_URL", pools[0].url)
        run = CliRunner().invoke(main, ["engines"])
        assert run.exit_code == 0, run.output
        assert "different sentences" not in run.output


def test_the_command_says_what_to_set(monkeypatch):
    monkeypatch.delenv("EXPLAINER_OPENAI_URL", raising=False)
    run = CliRunner().invoke(main, ["engines"])
    assert run.exit_code == 1
    assert "EXPLAINER_OPENAI_URL" in run.output
