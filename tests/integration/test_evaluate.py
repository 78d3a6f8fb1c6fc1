"""``explainer evaluate recommender`` and fitting from the command line, on the authored sample folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from explainer.cli import main
from retriever.recommenders.factory import default_configs

SOCIAL = Path(__file__).parents[1] / "data" / "social"
MEASURES = ("ndcg@10", "recall@20", "precision@10", "hit_rate@10", "mrr@10", "map@10", "coverage@10", "novelty@10")


def run(home: Path, *words: str):
    return CliRunner().invoke(main, ["--home", str(home), *words])


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("method", ["leave-last", "random"])
def test_all_recommenders_are_compared_on_one_exam(home, tmp_path, method):
    out, plot = tmp_path / "out.json", tmp_path / "out.png"
    words = ["--data", str(SOCIAL), "--json", str(out), "--plot", str(plot), "--split", method, "--seeds", "2"]
    result = run(home, "evaluate", "recommender", *words)
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert found["default"] == "hybrid"
    assert found["split"]["method"] == method
    rows = {row["recommender"]: row for row in found["rows"]}
    assert set(default_configs()) <= set(rows)
    assert {"peer:implicit-als", "peer:implicit-item-knn"} <= set(rows)
    for row in rows.values():
        assert all(row[measure] >= 0 for measure in MEASURES)
        assert row["ndcg@10_low"] <= row["ndcg@10"] <= row["ndcg@10_high"]
        assert row["fit_s"] >= 0 < row["ms_per_history"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "hybrid" in result.output


def test_what_cannot_be_evaluated_is_one_clear_line(home, tmp_path):
    result = run(home, "evaluate", "recommender", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "no dataset that we know" in " ".join(result.output.replace("│", " ").split())


def test_a_config_file_is_fitted_as_it_stands(home, tmp_path):
    assert run(home, "ingest", str(SOCIAL)).exit_code == 0
    config = tmp_path / "ease.json"
    config.write_text('{"recommender": "ease", "regularization": 30.0}')
    result = run(home, "fit", "--config", str(config))
    assert result.exit_code == 0, result.output
    assert "Fitted ease" in result.output
    assert run(home, "fit", "--recommender", "magic").exit_code == 1


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A small shop, ingested and fitted."""
    monkeypatch.setenv("EXPLAINER_ENGINE", "none")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dataset.toml").write_text('name = "shop"\ndomain = "shop"\nkind = "purchase"\n')
    colours = ("red", "blue")
    items = [f"p{n},Plain {colours[n % 2]} kettle {n},{colours[n % 2]}" for n in range(12)]
    (folder / "items.csv").write_text("\n".join(["id,title,aspects", *items]) + "\n")
    rows = [f"u{u},p{n},{1_600_000_000 + 90_000 * n}" for u in range(12) for n in range(u % 2, 12, 2) if (u + n) % 5]
    (folder / "behaviours.csv").write_text("\n".join(["user,item,time", *rows]) + "\n")
    home = tmp_path / "home"
    for words in (["ingest", str(folder)], ["fit"]):
        result = run(home, *words)
        assert result.exit_code == 0, result.output
    return home, folder


def test_an_item_that_came_after_the_fit_is_explained_by_what_it_is_like(shop, caplog):
    home, folder = shop
    with (folder / "items.csv").open("a") as file:
        file.write("new,Plain red kettle with whistle,red\n")
    assert run(home, "ingest", str(folder)).exit_code == 0
    result = run(home, "explain", "--user", "u0", "--item", "new")
    assert result.exit_code == 0, result.output
    assert "1 items came after the fit" in caplog.text
    assert "red" in result.output


def test_a_model_of_another_catalogue_is_refused_with_the_fix(shop):
    home, folder = shop
    text = (folder / "items.csv").read_text()
    (folder / "items.csv").write_text(text.replace("p3,Plain blue kettle 3", "p3,A Book on Whales"))
    assert run(home, "ingest", str(folder)).exit_code == 0
    result = run(home, "explain", "--user", "u0")
    assert result.exit_code == 1
    words = " ".join(result.output.replace("│", " ").split())
    assert "1 of its 12 items" in words
    assert "explainer fit" in words
    assert run(home, "fit").exit_code == 0
    assert run(home, "explain", "--user", "u0").exit_code == 0


def test_attribution_is_evaluated_with_everybodys_methods(home, tmp_path):
    out, plot = tmp_path / "out.json", tmp_path / "out.png"
    words = ["--data", str(SOCIAL), "--recommender", "als", "--json", str(out), "--plot", str(plot), "--users", "12"]
    result = run(home, "evaluate", "attribution", *words)
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert (found["recommender"], found["default"]) == ("als", "sequential deletion by halves")
    rows = {row["method"]: row for row in found["rows"]}
    assert {"leave-one-out", "shapley", "LIME-150", "KernelSHAP", "implicit explain", "random"} <= set(rows)
    for row in rows.values():
        assert {"pos@5", "pos@20", "neg@5", "cdcg", "del", "ins", "ms_per_history"} <= set(row)
    assert rows["shapley"]["del"] < rows["random"]["del"]
    assert found["counterfactual"]["k"] == 10
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "(default)" in result.output


def test_evaluating_attribution_of_nonsense_is_one_clear_line(home, tmp_path):
    result = run(home, "evaluate", "attribution", "--data", str(SOCIAL), "--recommender", "nope")
    assert result.exit_code == 1
    assert "no recommender 'nope'" in result.output
    assert "Traceback" not in result.output


def test_a_preview_on_the_command_line(home):
    assert run(home, "ingest", str(SOCIAL)).exit_code == 0
    assert run(home, "fit", "--recommender", "ease").exit_code == 0
    behaviours = (SOCIAL / "behaviours.csv").read_text().splitlines()
    header, first = behaviours[0].split(","), behaviours[1].split(",")
    row = dict(zip(header, first, strict=True))
    user = row.get("user") or row["member"]
    from explainer.settings import Settings
    from explainer.storage.catalogue import load_history
    from explainer.storage.database import Database

    with Database(Settings(home=home).url).session() as session:
        behaviour = load_history(session, user).behaviours[0]
    result = CliRunner().invoke(
        main,
        ["--home", str(home), "preview", "--user", user, "--without", behaviour.id, "--top", "2"],
        env={"EXPLAINER_ENGINE": "none"},
    )
    assert result.exit_code == 0, result.output
    assert "Nothing was stored" in result.output
    wrong = run(home, "preview", "--user", user, "--without", "no such thing")
    assert wrong.exit_code == 1
    assert "Name 1 of 1" in wrong.output
