"""Bars are judged as they stand: what was not measured says why, and nothing makes a bar easier under its name."""

from __future__ import annotations

import pytest

from explainer.attribution.elimination import BackwardElimination
from explainer.attribution.gradients import IntegratedGradients
from explainer.attribution.leave_one_out import LeaveOneOut
from explainer.attribution.sequential import SequentialDeletion
from explainer.attribution.shapley import Shapley
from explainer.bench.bars.commands import Place, own_checkout
from explainer.bench.bars.judging import Judged, judged
from explainer.bench.bars.kept import Ran, keep, kept
from explainer.bench.bars.outcome import counted
from explainer.bench.bars.overview import margin
from explainer.bench.bars.page import render
from explainer.bench.bars.parts import PARTS
from explainer.bench.bars.proofs import failures
from explainer.bench.bars.reasons import OURS
from explainer.bench.bars.recommender import PEERS
from explainer.cli import benching
from retriever.evaluation.peers import peers


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "bench", checkout=tmp_path)


def test_every_bar_has_a_name_of_its_own_and_every_part_can_be_shown(place):
    bars = judged({}, place)
    assert len({bar.name for bar in bars}) == len(bars)
    assert {bar.part for bar in bars} == set(PARTS)
    assert all(bar.command and "{" not in bar.command and bar.held is None and bar.why for bar in bars)


def test_the_tests_that_hold_bars_are_there():
    checkout = own_checkout()
    named = [word.partition("::")[0] for part in PARTS.values() for word in part.command if word.startswith("tests/")]
    assert named
    assert [name for name in named if not (checkout / name).exists()] == []
    for part in PARTS.values():
        for word in part.command:
            if "::" in word:
                file, _, test = word.partition("::")
                assert f"def {test}(" in (checkout / file).read_text(encoding="utf-8")


def test_what_the_checkouts_benchmarks_can_measure_is_what_is_asked_of_them():
    source = (own_checkout() / "tests/benchmarks/__main__.py").read_text(encoding="utf-8")
    for part in PARTS.values():
        if "tests.benchmarks" in part.command:
            sections = part.command[part.command.index("--only") + 1 :]
            assert all(f'    "{section}": ' in source for section in sections)


def test_a_bar_is_held_or_missed_or_was_not_measured(place):
    place.folder.mkdir()
    keep(place.folder, "service", Ran("", 1.0, {"stored_read": {"requests_per_s": 500.0, "p99_ms": 60.0}}))
    calm = {"lost": 0, "twice": 0, "unexpected": 0, "jobs_left": 2}
    keep(place.folder, "scale-replicas", Ran("", 1.0, {"replicas": {"rolling": {"failed": 0}, "outage": calm}}))
    keep(place.folder, "scale-pregenerate", Ran("", 1.0, {"pregenerate": {"same_rows": False}}))
    bars = {bar.name: bar for bar in judged(kept(place.folder), place)}
    assert bars["stored reads in a second, SQLite"].held is True
    assert bars["stored read, p99 ms, SQLite"].held is False
    assert bars["stored read, p99 ms, PostgreSQL"].why == "it ran, and did not measure this"
    assert bars["requests failed while replicas restart"].held is True
    assert bars["jobs left when the database is back"].held is False
    assert bars["ML-100K: Ray stores the same texts (1: yes)"].held is False
    assert bars["MovieLens small: Ray stores the same texts (1: yes)"].held is None


def test_attacks_reads_and_the_best_of_others_are_counted_right(place):
    audit = {"tampers": {"cases": 90, "detected": 89, "scripted": 70, "flips": 20, "clean_logs": 100}}
    others = {"hybrid": 0.22, "ease": 0.2} | dict.fromkeys(PEERS, 0.21)
    rows = [{"recommender": name, "ndcg@10": n} for name, n in others.items()]
    methods = [
        {"method": OURS[0], "del": 0.187, "pos@20": 0.25, "cdcg": 0.2, "ins": 0.91, "ms_per_history": 0.9},
        {"method": OURS[1], "del": 0.19, "pos@20": 0.26, "cdcg": 0.2, "ins": 0.936, "ms_per_history": 0.64},
        {"method": "implicit explain", "del": 0.2, "pos@20": 0.27, "cdcg": 0.3, "ins": 0.935, "ms_per_history": 0.05},
        {"method": "LIME-150", "del": 0.219, "pos@20": 0.26, "cdcg": 0.3, "ins": 0.936, "ms_per_history": 2.7},
        {"method": "KernelSHAP", "del": 0.2, "pos@20": 0.258, "cdcg": 0.3, "ins": 0.94, "ms_per_history": 37.0},
    ]
    ran = {
        "audit": Ran("", 1.0, audit | {"false_alarms": 1}),
        "recommender-100k": Ran("", 1.0, {"default": "hybrid", "rows": rows}),
        "reasons-als": Ran("", 1.0, {"default": OURS[0], "rows": methods, "counterfactual": {"confirmed": None}}),
    }
    bars = {bar.name: bar for bar in judged(ran, place)}
    found = {name: bar.measured for name, bar in bars.items()}
    assert found["attacks and flips that nobody noticed"] == 1
    assert found["false alarms about logs that nobody touched"] == 1
    assert found["ML-100K: NDCG@10 of the hybrid over the best other, peers too"] == pytest.approx(0.22 / 0.21)
    assert found["ALS: DEL less the best of LIME and KernelSHAP"] == pytest.approx(-0.013)
    assert found["ALS: time of the default over that of LIME and KernelSHAP"] == pytest.approx(0.9 / 2.7)
    assert found["ALS: ms of our fastest method with INS ≥ .935"] == 0.64
    unconfirmed = bars["ALS: counterfactuals that ranking again confirms, share"]
    assert (unconfirmed.measured, unconfirmed.why) == (None, "it ran, and did not measure this")
    assert "Side by side" in render(ran, judged(ran, place), place)


def test_what_only_others_reach_is_missed_and_not_left_unmeasured(place):
    rows = [
        {"method": OURS[0], "ins": 0.91, "ms_per_history": 0.9, "pos@20": 0.2, "cdcg": 0.2, "del": 0.2},
        {"method": "implicit explain", "ins": 0.95, "ms_per_history": 0.05},
        {"method": "integrated gradients, captum", "ins": 0.95, "ms_per_history": 0.1},
        {"method": "popularity", "ins": 0.94, "ms_per_history": 0.01},
    ]
    ran = {"reasons-als": Ran("", 1.0, {"default": OURS[0], "rows": rows})}
    bars = judged(ran, place)
    bar = next(bar for bar in bars if bar.name == "ALS: ms of our fastest method with INS ≥ .935")
    assert (bar.held, bar.found) == (False, "∞")
    assert margin(bar) == pytest.approx(0.1)
    assert "nan" not in render(ran, bars, place)


def test_without_a_rival_that_a_bar_names_it_is_not_measured_and_says_who_was_missing(place):
    row = {"ins": 0.91, "ms_per_history": 0.9, "pos@20": 0.2, "cdcg": 0.2, "del": 0.2}
    methods = [row | {"method": OURS[0]}, row | {"method": "LIME-150", "del": 0.3}]
    people = [{"recommender": name, "ndcg@10": 0.2, "recall@20": 0.3} for name in ("hybrid", "ease", *PEERS[1:])]
    ran = {
        "reasons-als": Ran("", 1.0, {"default": OURS[0], "rows": methods}),
        "recommender-100k": Ran("", 1.0, {"rows": people}),
    }
    bars = judged(ran, place)
    why = {bar.name: bar.why for bar in bars if bar.measured is None}
    assert why["ALS: DEL less the best of LIME and KernelSHAP"].endswith(
        "did not measure this: KernelSHAP took no part"
    )
    assert why["ML-100K: NDCG@10 of the hybrid over the best other, peers too"].endswith(f"{PEERS[0]} took no part")
    assert "ALS: DEL of the default" not in why
    assert '<span class="soft">not measured</span> <span class="soft">KernelSHAP took no part' in render(
        ran, bars, place
    )


def test_whose_methods_and_recommenders_are_meant_are_those_that_there_are():
    own = (SequentialDeletion, BackwardElimination, LeaveOneOut, IntegratedGradients, Shapley)
    assert tuple(method().method for method in own) == OURS
    assert tuple(peer.name for peer in peers()) == PEERS


def test_a_proof_of_which_a_half_was_skipped_says_so_beside_its_verdict(place):
    ran = {"proof-erasure": Ran("", 1.0, {"passed": 9, "failed": 0, "skipped": 4})}
    bars = judged(ran, place)
    (bar,) = (bar for bar in bars if bar.part == "proof-erasure")
    assert (bar.result, bar.beside) == ("held", "4 skipped")
    assert '✓ held <span class="soft">4 skipped</span>' in render(ran, bars, place)


@pytest.mark.parametrize(
    ("measured", "threshold", "shown"),
    [
        (1000.4, 400, "1,000"),
        (49.99, 50, "49.99"),
        (0.94996, 0.95, "0.94996"),
        (0.0, 0, "0"),
        (1_000_000, 1e6, "1,000,000"),
        (-0.0134, 0, "-0.0134"),
        (1499.9, 1500, "1,499.9"),
        (20_761.03, 1500, "20,761"),
        (50, 50, "50"),
    ],
)
def test_a_figure_is_never_rounded_onto_its_bar(measured, threshold, shown):
    assert Judged("", "", "", measured, "≥", threshold, held=True, command="").found == shown


def test_a_margin_is_how_many_times_better_and_exact_bars_have_none():
    def of(measured, sign, threshold):
        return margin(Judged("", "", "", measured, sign, threshold, held=True, command=""))

    assert of(1000, "≥", 100) == of(10, "≤", 100) == pytest.approx(10)
    assert of(50, "≥", 100) == pytest.approx(0.5)
    assert of(0, "≤", 5) == 100
    assert of(0, "≥", 5) == pytest.approx(0.1)
    assert of(0, "=", 0) is of(-1, "<", 0) is of(None, "≥", 3) is None


@pytest.mark.parametrize(
    ("said", "failed", "counts", "measured"),
    [
        ("x\n12 passed, 3 skipped in 2.0s", False, {"passed": 12, "failed": 0, "skipped": 3}, 0),
        ("1 passed\n2 failed, 10 passed, 1 error in 3s", True, {"passed": 10, "failed": 3, "skipped": 0}, 3),
        ("3 skipped in 0.1s", False, {"passed": 0, "failed": 0, "skipped": 3}, None),
        ("12 passed in 2s\ncoverage too low", True, {"passed": 12, "failed": 1, "skipped": 0}, 1),
        ("Skipped: the fuzzer is not there", False, {"passed": 0, "failed": 0, "skipped": 1}, None),
        ("Done", False, {"passed": 1, "failed": 0, "skipped": 0}, 0),
        ("", True, {"passed": 0, "failed": 1, "skipped": 0}, 1),
    ],
)
def test_tests_that_were_skipped_prove_nothing(said, failed, counts, measured):
    assert counted(said, failed=failed) == counts
    assert failures(counts) == measured


def test_what_a_bench_prints_is_beside_what_is_asked_for():
    asked = benching._asked()
    assert asked["stored_read", "p99_ms"] == "≤ 50"
    assert asked["audit", "append_single_per_s"] == "≥ 300"
    assert asked["audit", "tampers scripted"] == "≥ 60"
    assert asked["pgvector", "recall"] == "≥ 0.95"
