"""What was promoted cannot be taken up: the old one goes on, and everybody is told."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from explainer.errors import AssetError, EngineUnavailable
from explainer.loading import make_heirs
from explainer.pipeline import Explainer
from explainer.server.auth import COOKIE
from explainer.server.engine_metrics import SuccessionMetrics
from explainer.service.live import Live
from explainer.service.succession import NONE_LOADED, Succession
from explainer.settings import Settings
from explainer.storage.service_tables import StartRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.staff import BROWSER
from tests.integration.succession.acting import (
    Scene,
    Telling,
    adapter,
    explain,
    processes,
    settle,
    until,
    writers,
)


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


def test_servers_that_are_asked_for_one_adapter_for_good_are_not_said_to_write_with_another(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    settings = Settings(_env_file=None, engine="openai", openai_url="http://127.0.0.1:1/v1", openai_model="explainer-a")
    succession = Succession(Live(scene.explainer), make_heirs(settings))
    registry.promote(b)
    settle(succession)
    assert "EXPLAINER_OPENAI_MODEL names one adapter for good (explainer-a): write explainer-{adapter}" in (
        succession.trouble
    )
    assert (succession.taken, scene.explainer.adapter) == (0, a)
    with database.session() as session:
        assert session.scalars(select(StartRow)).all() == []
    succession.close()


def test_a_service_that_began_without_a_model_says_from_the_first_moment_that_templates_write(
    database, model, registry
):
    scene, note = Scene(database, model, Telling(registry.versions[0])), "Texts come from templates: the log says why."
    scene.explainer.writer.engine.close()
    scene.explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary), notes=(note,))
    scene.explainer.adapter = NONE_LOADED
    scene.engines[registry.versions[0]] = AssetError("x is damaged")
    with scene.served() as (client, succession):
        for _ in range(2):
            assert succession.trouble
            assert client.get("/health/ready").json() == {"status": "degraded", "reasons": [note]}
            assert "explainer_adapter_current 0.0" in client.get("/metrics").text
            until(lambda: [row.trouble for row in processes(database) if succession.trouble == row.trouble])
            page = client.get("/admin", headers={"X-API-Key": "", "Cookie": f"{COOKIE}={scene.token}"} | BROWSER)
            assert "templates write there:" in page.text
            assert "writes with the one before" not in page.text
            succession._again_at = 0.0
            settle(succession)
        assert "x is damaged" in succession.trouble


def test_where_promotions_change_nothing_no_metric_says_that_they_were_taken_up(database, model, registry):
    scene, metrics = Scene(database, model, Telling(registry.versions[0])), CollectorRegistry()
    succession = Succession(Live(scene.explainer), make_heirs(Settings(_env_file=None, adapter="set-by-hand")))
    SuccessionMetrics(succession, metrics).refresh()
    assert metrics.get_sample_value("explainer_adapter_current") is None
    succession.close()
