"""What was measured is kept with its date, machine and commit; nothing poorer takes its place."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner

from explainer.bench.bars import page
from explainer.bench.bars.age import aged, old
from explainer.bench.bars.commands import Place
from explainer.bench.bars.judging import judged
from explainer.bench.bars.kept import Ran, hand_in, kept
from explainer.bench.bars.page import places, render
from explainer.bench.errors import BenchError
from explainer.bench.machine import CODE
from explainer.cli import main

SPEED = {"figures": {"alone_times": 3.2, "gate_median_ms": 0.7, "ease_1000_fit_s": 0.1, "ease_1000000_fit_s": 9.0}}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "bench", checkout=tmp_path)


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


def test_figures_of_another_commit_say_so_and_those_of_this_do_not(place, monkeypatch):
    monkeypatch.setattr(page, "code", lambda: "1.0, commit b")
    of = {"audit": "1.0, commit a", "service": "1.0, commit b", "scale-pgvector": "1.0, commit b-dirty"}
    ran = {name: Ran("", 1.0, {}, machine={CODE: code}) for name, code in of.items()}
    drawn = render(ran, judged(ran, place), place)
    assert drawn.count("of another commit") == 2
    assert "of another commit, 1.0, commit a" in drawn
    assert "<dt>Parts of other or unknown commits</dt><dd>2</dd>" in drawn
    assert aged(ran["scale-pgvector"], "1.0, commit b-dirty") == "with changes that are in no commit"
    assert old(ran | {"gate-en": Ran("", 1.0, {})}, "1.0, commit b") == ["audit", "scale-pgvector", "gate-en"]


def test_a_kept_file_that_cannot_be_read_is_named(place):
    place.folder.mkdir()
    (place.folder / "audit.ran.json").write_bytes(b"{")
    with pytest.raises(BenchError, match=r"audit\.ran\.json cannot be read"):
        kept(place.folder)


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


def test_the_command_takes_what_it_is_given_and_draws_it(tmp_path):
    (tmp_path / "bench.json").write_bytes(msgspec.json.encode(SPEED))
    out = tmp_path / "out"
    ask = ["bench", "all", "--out", str(out), "--from"]
    assert CliRunner().invoke(main, ask).exit_code == 1
    found = CliRunner().invoke(main, [*ask, "--with", f"benchmarks={tmp_path / 'bench.json'}"])
    assert found.exit_code == 0, found.output
    written = json.loads((out / "bars.json").read_bytes())
    assert {bar["part"] for bar in written["bars"] if bar["held"]} == {"engines", "gate-time", "growth"}
    page = (out / "bars.html").read_text(encoding="utf-8")
    assert "<h1>Every bar</h1>" in page
    assert page.count("of which commit is not stated") == 3
    assert "Not known to be of the present commit, --only PART measures anew: engines, gate-time, growth" in " ".join(
        found.stderr.split()
    )
    assert "proof-fuzz" in CliRunner().invoke(main, ["bench", "all", "--out", str(out), "--list"]).output
