"""The made-up shop is the size it was asked for, the same every time, readable, and measured in processes."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from explainer.bench import synthetic
from explainer.bench.errors import BenchError
from explainer.bench.made_up import Size, write_shop
from explainer.bench.made_up_encoder import WordEncoder
from explainer.bench.scale import Ground, measured
from explainer.bench.synthetic import _run, _Shop, measure
from explainer.bench.synthetic_steps import Took, main
from retriever.data import read_dataset

SMALL = Size(behaviours=6000, items=400, users=600)


def test_a_shop_is_as_large_as_asked_and_the_same_for_the_same_seed(tmp_path):
    for name in ("one", "two"):
        write_shop(tmp_path / name, SMALL)
    for table in ("items.csv", "behaviours.csv"):
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()
    dataset, report = read_dataset(tmp_path / "one")
    assert (report.read["items"], report.read["behaviours"]) == (400, 6000)
    assert len(dataset.histories) == 600
    assert len(dataset.behaviours) > 5900
    assert min(len(history) for history in dataset.histories.values()) >= 2
    assert len({behaviour.kind for behaviour in dataset.behaviours}) == 5


def test_fewer_people_have_the_same_catalogue(tmp_path):
    write_shop(tmp_path / "whole", SMALL)
    write_shop(tmp_path / "tenth", SMALL.with_users(60))
    assert (tmp_path / "whole/items.csv").read_bytes() == (tmp_path / "tenth/items.csv").read_bytes()
    assert len(read_dataset(tmp_path / "tenth")[0].histories) == 60


def test_texts_with_more_words_in_common_are_nearer():
    rows = WordEncoder().encode(["silver jazz piano", "golden jazz piano", "cheese", ""])
    assert rows[0] @ rows[1] > 0.5 > rows[0] @ rows[2]


def test_all_figures_come_of_a_small_shop():
    said = []
    found = measure(said.append, SMALL, users=20, rounds=1)
    assert found.ingest_rows_per_s > 0
    assert found.explanations_per_s > 0
    assert found.cost_ratio_100k_10k > 0
    assert found.peak_mb > 50
    assert any("600 people" in step for step in said)


def test_a_step_that_fails_says_what_failed():
    with pytest.raises(BenchError, match="ingest"):
        _run(["ingest", "no such shop", "", "sqlite://"])
    with pytest.raises(KeyError):
        main(["no such step", "", "", ""])


def test_the_shop_with_fewer_people_is_in_a_database_of_the_same_kind(monkeypatch, postgresql):
    found = []

    def shop(folder, url, *_):
        found.append(url and (make_url(url).get_backend_name(), make_url(url).database))
        with create_engine(url or f"sqlite:///{folder}.db", poolclass=NullPool).begin() as connection:
            connection.execute(text("CREATE TABLE only_here (n integer)"))  # fails in one that is not empty
        took = Took(1.0, 1.0, 1)
        return _Shop(took, took, 1.0, 1.0)

    monkeypatch.setattr(synthetic, "_shop", shop)
    assert measure(lambda _: None, SMALL).database == "sqlite"
    assert found == [None, None]
    url = postgresql.new()
    assert measure(lambda _: None, SMALL, url).database == "postgresql"
    (whole, whole_name), (tenth, tenth_name) = found[2:]
    assert (whole, tenth, whole_name) == ("postgresql", "postgresql", make_url(url).database)
    assert tenth_name != whole_name
    with create_engine(url, poolclass=NullPool).connect() as connection:
        there = connection.scalars(text("SELECT datname FROM pg_database")).all()
    assert whole_name in there
    assert tenth_name not in there


def test_a_server_that_makes_no_second_database_is_named_before_anything_is_measured():
    said = []
    with pytest.raises(BenchError, match="second, empty database") as refused:
        measure(said.append, SMALL, url="postgresql+pg8000://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(refused.value)
    assert said == []


def test_a_part_that_cannot_be_measured_is_named_and_the_others_go_on(monkeypatch):
    from explainer.bench import scale

    monkeypatch.setattr(scale, "synthetic", lambda *_, **__: {"peak_mb": 1.0})
    monkeypatch.setattr(scale, "_part", lambda name: (_ for _ in ()).throw(BenchError(f"no {name}")))
    found = measured(["replicas", "synthetic"], Ground(), lambda _: None)
    assert found == {"synthetic": {"peak_mb": 1.0}, "failed": {"replicas": "BenchError: no replicas"}}
