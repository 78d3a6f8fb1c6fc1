"""What an auditor may ask by API that makes no sense, and any words that may be a seed."""

from __future__ import annotations

import pytest

from explainer.access import Role
from tests.integration.audits import ADDRESSES, fourteen, get
from tests.integration.client import client_of
from tests.integration.problems import problem_of


@pytest.fixture(scope="module")
def reader(kept_app, kept_explainer):
    """An auditor who is refused or reads, and of whom nothing is left but looks."""
    fourteen(kept_explainer)
    with client_of(kept_app, kept_explainer.database, Role.AUDITOR, "auditor") as made:
        yield made


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "search",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-02T00:00:00", "until": "2026-01-01T00:00:00+00:00"},
        {"since": "0001-01-01T00:00:00+23:00"},
        {"until": "9999-12-31T23:59:59-23:00"},
        {"since": "yesterday"},
        {"audience": "everybody"},
        {"source": "oracle"},
        {"recommender": "%"},
        {"prompt": "______"},
        {"writer": "x" * 65},
        {"complained": "perhaps"},
        {"user": ""},
        {"item": "x" * 201},
    ],
    ids=" ".join,
)
def test_searches_that_make_no_sense_are_refused_before_anything_is_sent(reader, address, search):
    problem_of(reader.get(f"/v1/audit/{address}", params={"seed": "s", **search}), 400)


@pytest.mark.parametrize(
    "asked",
    [{"seed": ""}, {}, {"seed": "s" * 201}, *({"seed": "s", "n": n} for n in (0, -1, 101, 10**9, 10**30, "many"))],
    ids=str,
)
def test_samples_of_no_seed_or_no_size_are_refused(reader, asked):
    problem_of(reader.get("/v1/audit/sample", params=asked), 400)


@pytest.mark.parametrize("asked", [{"by": "year"}, {"version": "title"}])
def test_series_of_something_else_are_refused(reader, asked):
    problem_of(reader.get("/v1/audit/series", params=asked), 400)


@pytest.mark.parametrize("seed", ["'; DROP TABLE explanations; --", "\x00", "\u202e", "🚀", "%s:%s"])
def test_any_words_are_a_seed(reader, seed):
    assert get(reader, "sample", seed=seed, n=3).json()["seed"] == seed
