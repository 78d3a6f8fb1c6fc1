"""The service starts without its writer: on templates, and says so."""

from __future__ import annotations

import shutil

import pytest

from explainer.assembly import make_served_explainer
from explainer.errors import AssetError, SettingsError
from explainer.paths import adapter_dir
from explainer.server.app import create_app
from explainer.settings import Settings
from tests.integration.client import client_of
from tests.integration.served_writing import check_grounded, check_stored, explain
from tests.pool import Pool, answer


@pytest.fixture
def served_settings(database, model, tmp_path):
    model.save(tmp_path / "home" / "models")
    return Settings(home=tmp_path / "home", database_url=str(database.engine.url))


def check_degraded(explainer, database, caplog, words):
    assert explainer.writer.engine is None
    assert words in caplog.text
    with client_of(create_app(explainer, 4), database) as client:
        shown = explain(client, "u1")
        ready = client.get("/health/ready")
    check_grounded(shown)
    check_stored(database, shown)
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"
    assert "could not be loaded" in ready.json()["reasons"][0]
    assert "/" not in ready.json()["reasons"][0], "whoever has no key learns no paths"


def test_the_service_starts_on_templates_when_there_is_no_adapter(served_settings, database, caplog, tmp_path):
    settings = served_settings.model_copy(update={"engine": "transformers", "adapter": tmp_path / "nowhere"})
    check_degraded(make_served_explainer(settings), database, caplog, "no adapter in")


@pytest.mark.parametrize("damage", ["cut weights", "broken config"])
def test_the_service_starts_on_templates_when_the_adapter_is_damaged(
    served_settings, database, caplog, tmp_path, damage, monkeypatch
):
    adapter = tmp_path / "adapter"
    shutil.copytree(adapter_dir("en"), adapter)
    file = adapter / ("adapter_model.safetensors" if damage == "cut weights" else "adapter_config.json")
    file.write_bytes(file.read_bytes()[:200])
    settings = served_settings.model_copy(update={"engine": "transformers", "adapter": adapter})
    monkeypatch.setattr(Settings, "cache", Settings().cache)  # the unpacked base is there already
    check_degraded(make_served_explainer(settings), database, caplog, "cannot be loaded")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, b"<html>"])
def test_the_service_starts_on_templates_when_the_base_is_damaged(served_settings, database, caplog, tmp_path, content):
    base = tmp_path / "model.gguf"
    base.write_bytes(content)
    settings = served_settings.model_copy(update={"engine": "transformers", "base_model": str(base)})
    check_degraded(make_served_explainer(settings), database, caplog, "cannot be loaded")


def test_a_command_says_what_is_missing_instead(served_settings, tmp_path):
    from explainer.assembly import make_explainer

    with pytest.raises(AssetError, match="no adapter in"):
        make_explainer(served_settings.model_copy(update={"engine": "transformers", "adapter": tmp_path}))


def test_a_server_that_is_down_is_no_reason_not_to_start_but_a_wrong_setting_is(served_settings, database):
    with Pool(answer({}, "500 x")) as pool:
        update = {"engine": "openai", "openai_url": pool.url, "openai_model": "adapter", "deadline_s": 10.0}
    explainer = make_served_explainer(served_settings.model_copy(update=update))  # the pool has gone
    with client_of(create_app(explainer, 4), database) as client:
        shown = explain(client, "u1")
    check_grounded(shown)
    assert not explainer.writer.engine._thread.is_alive(), "the app ended the worker when it stopped"
    with pytest.raises(SettingsError, match="EXPLAINER_OPENAI_URL"):
        make_served_explainer(served_settings.model_copy(update={**update, "openai_url": "nowhere"}))
