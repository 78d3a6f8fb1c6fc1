"""All bars are judged as they stand: what was not measured says so, what failed is named, what was measured is kept."""

from __future__ import annotations

import json
import os
import signal

import msgspec
import pytest
from click.testing import CliRunner

from explainer.attribution.elimination import BackwardElimination
from explainer.attribution.gradients import IntegratedGradients
from explainer.attribution.leave_one_out import LeaveOneOut
from explainer.attribution.sequential import SequentialDeletion
from explainer.attribution.shapley import Shapley
from explainer.bench.bars import machine, running
from explainer.bench.bars.bar import Bar, Part
from explainer.bench.bars.commands import Place, hindrance, own_checkout
from explainer.bench.bars.judging import Judged, judged
from explainer.bench.bars.kept import Ran, hand_in, keep, kept
from explainer.bench.bars.outcome import carried_out, counted
from explainer.bench.bars.overview import margin
from explainer.bench.bars.page import places, render
from explainer.bench.bars.parts import PARTS, chosen
from explainer.bench.bars.proofs import failures
from explainer.bench.bars.reasons import OURS
from explainer.bench.bars.recommender import PEERS
from explainer.bench.bars.running import run
from explainer.bench.errors import BenchError
from explainer.cli import benching, everything, main
from retriever.evaluation.peers import peers

SPEED = {"figures": {"alone_times": 3.2, "gate_median_ms": 0.7, "ease_1000_fit_s": 0.1, "ease_1000000_fit_s": 9.0}}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "bench", checkout=tmp_path)


@pytest.fixture(autouse=True)
def described(monkeypatch):
    monkeypatch.setattr(running, "machine", lambda: {"Cores": "two"})


def script(*lines, seconds=60, **more):
    """Return a part that runs these lines of Python; ``{json}`` is the file that it may write."""
    return Part("Area", ("python", "-c", "\n".join(lines)), (Bar("a", "a", "≥", 1),), seconds / 60, **more)


def writes(figures):
    return (
        "import pathlib; pathlib.Path('{json}').write_text('"
        + json.dumps(figures).replace("{", "{{").replace("}", "}}")
        + "')"
    )


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
    why = {bar.name: bar.why for bar in judged(ran, place) if bar.measured is None}
    assert why["ALS: DEL less the best of LIME and KernelSHAP"].endswith(
        "did not measure this: KernelSHAP took no part"
    )
    assert why["ML-100K: NDCG@10 of the hybrid over the best other, peers too"].endswith(f"{PEERS[0]} took no part")
    assert "ALS: DEL of the default" not in why


def test_whose_methods_and_recommenders_are_meant_are_those_that_there_are():
    own = (SequentialDeletion, BackwardElimination, LeaveOneOut, IntegratedGradients, Shapley)
    assert tuple(method.method for method in own) == OURS
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


def test_what_failed_is_run_again_and_what_was_measured_is_kept_with_its_date_and_machine(place, monkeypatch):
    parts = {
        "bad": script("raise SystemExit('no disk')", checkout=True),
        "good": script(writes({"a": 2})),
        "mute": script("pass"),
    }
    said = []
    run(place, (), said.append, parts=parts)
    assert [one.partition(",")[0] for one in said] == ["Measuring bad", "Measuring good", "Measuring mute"]
    ran = kept(place.folder, parts)
    assert "no disk" in ran["bad"].failure
    assert ran["mute"].failure == "It wrote no figures that can be read."
    assert (ran["good"].failure, ran["good"].figures, ran["good"].machine) == ("", {"a": 2}, {"Cores": "two"})
    assert ran["good"].date.startswith("20")
    monkeypatch.setattr(running, "machine", lambda: {"Cores": "three"})
    run(place, (), said.append, parts=parts)
    assert [one.partition(",")[0] for one in said[3:]] == ["Measuring bad", "Measuring mute"]
    run(place, ("good",), said.append, parts=parts)
    assert said[-1].startswith("Measuring good")
    assert {name: one.machine["Cores"] for name, one in kept(place.folder, parts).items()} == {
        "bad": "three", "good": "three", "mute": "three"
    }  # fmt: skip
    page = render(ran, judged(ran, place, parts), place, parts)
    assert "no disk" in page
    assert "it failed, see above" in page


def test_a_part_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    begin = f"sleep 600 > {tmp_path / 'held'} & echo begun; wait"
    why = carried_out(["sh", "-c", begin], tmp_path / "log", None, os.environ, 1.0)
    assert why.startswith("It did not end within")
    os.set_blocking(held, True)
    assert os.read(held, 1) == b"", "comes to its end only when nobody holds it open"
    os.close(held)


def test_nothing_is_begun_that_would_not_end_in_time(place):
    parts = {"long": script(writes({"a": 2}), seconds=6000), "short": script(writes({"a": 2}), seconds=6)}
    said = []
    run(place, (), said.append, minutes=1, parts=parts)
    assert said[0] == "long is left for another time: it takes about 100 min"
    assert set(kept(place.folder, parts)) == {"short"}


def test_what_cannot_be_measured_here_says_why_and_takes_nobody_along(tmp_path):
    place = Place(tmp_path / "bench")
    parts = {"hand": Part("A", (), (), 0), "tests": script("", checkout=True), "data": script("", data="games"),
             "fine": script(writes({"a": 2}))}  # fmt: skip
    said = []
    run(place, (), said.append, parts=parts)
    assert [one for one in said if "not measured" in one] == [
        "hand is not measured: a person has to measure it",
        "tests is not measured: it needs the project's checkout, --checkout",
        "data is not measured: it needs a folder with the dataset games, --data",
    ]
    assert set(kept(place.folder, parts)) == {"fine"}
    (tmp_path / "games").mkdir()
    assert hindrance(parts["data"], Place(tmp_path, tmp_path)) == ""


def test_a_database_that_is_empty_only_once_is_not_handed_on(place, monkeypatch):
    monkeypatch.setenv("EXPLAINER_BENCH_POSTGRES_URL", "postgresql+pg8000://nobody@127.0.0.1:1/none")
    lines = (
        "import os, json",
        "found = dict(a=int('EXPLAINER_BENCH_POSTGRES_URL' in os.environ), home=os.environ['EXPLAINER_HOME'])",
        "open('{json}', 'w').write(json.dumps(found))",
    )
    run(place, (), lambda _: None, parts={"one": script(*lines)})
    found = kept(place.folder, {"one": script()})["one"].figures
    assert found == {"a": 0, "home": str(place.folder / "home")}


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


def test_what_was_measured_before_is_handed_in_to_whom_it_belongs(tmp_path, place):
    def file(name, figures):
        (tmp_path / name).write_text(json.dumps(figures), encoding="utf-8")
        return str(tmp_path / name)

    bench = file("bench.json", SPEED | {"machine": {"cores": 2}})
    taken = hand_in(place.folder, [f"benchmarks={bench}"])
    assert taken == ["engines", "gate-time", "growth"]
    ahead = {"pregenerate": {"vs_per_pair": 90}, "pgvector": {"recall": 0.99}}
    scale = file("scale.json", ahead)
    assert hand_in(place.folder, [f"scale={scale}"]) == ["scale-pregenerate", "scale-pgvector"]
    assert hand_in(place.folder, [f"scale-pregenerate-small={scale}"]) == ["scale-pregenerate-small"]
    ran = kept(place.folder)
    assert ran["engines"].machine == {"cores": "2"}
    page = render(ran, judged(ran, place), place)
    assert "handed in: bench.json" in page
    assert "Seconds to fit" in page
    (tmp_path / "rubbish.json").write_bytes(b"\xff{")
    for wrong in ("benchmarks", "nobody=x.json", f"audit={bench}", f"audit={tmp_path / 'rubbish.json'}",
                  f"audit={tmp_path / 'none.json'}"):  # fmt: skip
        with pytest.raises(BenchError):
            hand_in(place.folder, [wrong])


def test_what_a_person_measures_on_different_days_is_kept_together_each_with_its_date(tmp_path, place):
    for figure, day in (("tests_s", "2026-11-26 10:00"), ("fresh_demo_s", "2026-11-27 10:00")):
        (tmp_path / "hand.json").write_text(json.dumps({figure: 200, "date": day}), encoding="utf-8")
        hand_in(place.folder, [f"by-hand={tmp_path / 'hand.json'}"])
    bars = judged(kept(place.folder), place)
    assert {bar.name: bar.date for bar in bars if bar.part.startswith("by-hand-") and bar.held} == {
        "all tests, s": "2026-11-26 10:00", "a first demo in a fresh clone, downloads included, s": "2026-11-27 10:00"
    }  # fmt: skip


def test_a_file_that_lacks_what_is_kept_is_not_taken_and_says_what_would_be_lost(tmp_path, place):
    def file(**figures):
        (tmp_path / "scale.json").write_text(json.dumps({"pgvector": figures}), encoding="utf-8")
        return f"scale-pgvector={tmp_path / 'scale.json'}"

    hand_in(place.folder, [file(recall=0.99, p95_ms=3.0)])
    with pytest.raises(BenchError, match=r"nearest vectors, p95 ms\. Remove .*scale-pgvector\.ran\.json"):
        hand_in(place.folder, [file(recall=0.97)])
    assert kept(place.folder)["scale-pgvector"].figures == {"pgvector": {"recall": 0.99, "p95_ms": 3.0}}
    hand_in(place.folder, [file(recall=0.97, p95_ms=2.0)])
    assert kept(place.folder)["scale-pgvector"].figures == {"pgvector": {"recall": 0.97, "p95_ms": 2.0}}


def test_a_kept_file_that_cannot_be_read_is_named(place):
    place.folder.mkdir()
    (place.folder / "audit.ran.json").write_bytes(b"{")
    with pytest.raises(BenchError, match=r"audit\.ran\.json cannot be read"):
        kept(place.folder)


def test_several_parts_have_a_name_together():
    assert chosen(["gate"]) == ["gate-en", "gate-zh", "gate-time"]
    assert chosen(["proof-kill", "proof"])[0] == "proof-kill"
    assert "search" in chosen(["benchmarks"])
    with pytest.raises(BenchError, match="no part 'nobody'"):
        chosen(["nobody"])


def test_figures_are_drawn_against_their_bars_and_what_is_written_is_escaped(place):
    figures = {"stored_read": {"requests_per_s": 800.0}, "engine_down": {"unhandled_5xx": 0}}
    ran = {"service": Ran("explainer bench service", 1.0, figures, "<script>", {"Cores": "<2>"})}
    bars = judged(ran, place)
    assert [places(bar) for bar in bars if bar.measured is not None] == [(75.0, 37.5), (0.0, 0.0)]
    page = render(ran, bars, place)
    assert 'width="75.00"' in page
    assert "<script>" not in page
    assert "<2>" not in page
    assert "Machine 1" in page


def test_a_machine_is_described_and_a_package_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr(machine, "_PACKAGES", ("no-such-package-anywhere",))
    monkeypatch.setattr(machine, "_LOOPS", 1)
    found = machine.machine()
    assert found["Packages"] == "no-such-package-anywhere not installed"
    assert all(found.values())


def test_whoever_ends_a_run_sees_what_is_there(place, monkeypatch):
    def ended(*_):
        keep(place.folder, "audit", Ran("", 1.0, {"proof_ms": 1.0}))
        os.kill(os.getpid(), signal.SIGTERM)

    place.folder.mkdir()
    monkeypatch.setattr(everything, "run_parts", ended)
    before = signal.getsignal(signal.SIGTERM)
    everything.run(place, (), (), None, existing=False)
    assert signal.getsignal(signal.SIGTERM) is before
    assert f"1 of {len(PARTS)}" in (place.folder / "bars.html").read_text(encoding="utf-8")


def test_what_a_bench_prints_is_beside_what_is_asked_for():
    asked = benching._asked()
    assert asked["stored_read", "p99_ms"] == "≤ 50"
    assert asked["audit", "append_single_per_s"] == "≥ 300"
    assert asked["audit", "tampers scripted"] == "≥ 60"
    assert asked["pgvector", "recall"] == "≥ 0.95"


def test_the_command_takes_what_it_is_given_and_draws_it(tmp_path):
    (tmp_path / "bench.json").write_bytes(msgspec.json.encode(SPEED))
    out = tmp_path / "out"
    ask = ["bench", "all", "--out", str(out), "--from"]
    assert CliRunner().invoke(main, ask).exit_code == 1
    found = CliRunner().invoke(main, [*ask, "--with", f"benchmarks={tmp_path / 'bench.json'}"])
    assert found.exit_code == 0, found.output
    written = json.loads((out / "bars.json").read_bytes())
    assert {bar["part"] for bar in written["bars"] if bar["held"]} == {"engines", "gate-time", "growth"}
    assert "Every bar" in (out / "bars.html").read_text(encoding="utf-8")
    assert "proof-fuzz" in CliRunner().invoke(main, ["bench", "all", "--out", str(out), "--list"]).output


def test_two_parts_that_want_an_empty_database_are_not_given_one(tmp_path):
    url = {"EXPLAINER_BENCH_POSTGRES_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none"}
    found = CliRunner().invoke(main, ["bench", "scale", "--json", str(tmp_path / "x.json")], env=url)
    assert found.exit_code == 2
    assert "EXPLAINER_BENCH_POSTGRES_URL" in found.output
    assert not (tmp_path / "x.json").exists()
