"""Readers of what strangers may have written: rubbish, and what a fuzzer has found, is refused in their own words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import FOUND, TARGETS

SEEDS = {f"{name}-{n}": (name, seed) for name, (_, seeds) in TARGETS.items() for n, seed in enumerate(seeds)}
KEPT = sorted(path for path in FOUND.glob("*/*") if path.is_file())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_well_formed_is_taken(seed):
    name, raw = SEEDS[seed]
    TARGETS[name][0](raw)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_a_fuzzer_found_stays_mended(path):
    TARGETS[path.parent.name][0](path.read_bytes())


def test_there_is_something_that_a_fuzzer_found():
    assert KEPT


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_rubbish_and_what_nearly_is_well_formed_is_refused_in_words(name, data):
    target, seeds = TARGETS[name]
    raw = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    target(bytes(raw))
    target(data.draw(st.binary(max_size=200)))
