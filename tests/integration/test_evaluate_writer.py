"""``explainer evaluate writer`` with the real engine and the shipped adapter, on an authored folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from explainer.cli import main

SOCIAL = Path(__file__).parents[1] / "data" / "social"
KEYS = {
    "engine", "prompts", "first_pass", "after_retry", "fallback", "failures_by_rule", "distinct_2", "unique",
    "texts_per_s", "p50_ms", "p95_ms",
}  # fmt: skip


def run(home: Path, *words: str):
    return CliRunner().invoke(main, ["--home", str(home), "evaluate", "writer", *words])


@pytest.fixture(scope="module")
def report(tmp_path_factory, merged):
    folder = tmp_path_factory.mktemp("writer")
    (folder / "cache").symlink_to(merged.parent)  # where the model is that others have made
    words = ["--data", str(SOCIAL), "--engine", "openvino", "--users", "6", "--top", "2"]
    result = run(folder, *words, "--json", str(folder / "out.json"))
    assert result.exit_code == 0, result.output
    return json.loads((folder / "out.json").read_text()), result.output


def test_the_report_has_what_was_promised(report):
    found, shown = report
    assert found.keys() >= KEYS
    assert found["engine"] == "openvino"
    assert found["requests"] == len(found["texts"]) == 12
    assert 0 < found["prompts"] <= 12
    assert "first drafts that pass the gate" in shown


def test_the_figures_agree_with_the_texts(report):
    found, _ = report
    fallen = sum(text["source"] == "template" for text in found["texts"])
    assert found["fallback"] == fallen / len(found["texts"])
    assert 0 <= found["first_pass"] <= found["after_retry"] <= 1
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert found["texts_per_s"] > 0
    for text in found["texts"]:
        assert "{" not in text["text"]


def test_without_an_engine_there_is_nothing_to_evaluate(tmp_path):
    result = run(tmp_path, "--data", str(SOCIAL), "--engine", "none")
    assert result.exit_code == 1
    assert "choose one with --engine" in " ".join(result.output.replace("│", " ").split())
