"""What is missing is run, none at the cost of the others, and what failed is named."""

from __future__ import annotations

import json
import os
import signal

import pytest
from click.testing import CliRunner

from explainer.bench import machine
from explainer.bench.bars import running
from explainer.bench.bars.bar import Bar, Part
from explainer.bench.bars.commands import Place, hindrance
from explainer.bench.bars.judging import judged
from explainer.bench.bars.kept import Ran, keep, kept
from explainer.bench.bars.outcome import carried_out
from explainer.bench.bars.page import render
from explainer.bench.bars.parts import PARTS, chosen
from explainer.bench.bars.running import run
from explainer.bench.errors import BenchError
from explainer.cli import everything, main


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


def test_several_parts_have_a_name_together():
    assert chosen(["gate"]) == ["gate-en", "gate-zh", "gate-time"]
    assert chosen(["proof-kill", "proof"])[0] == "proof-kill"
    assert "search" in chosen(["benchmarks"])
    with pytest.raises(BenchError, match="no part 'nobody'"):
        chosen(["nobody"])


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


def test_two_parts_that_want_an_empty_database_are_not_given_one(tmp_path):
    url = {"EXPLAINER_BENCH_POSTGRES_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none"}
    found = CliRunner().invoke(main, ["bench", "scale", "--json", str(tmp_path / "x.json")], env=url)
    assert found.exit_code == 2
    assert "EXPLAINER_BENCH_POSTGRES_URL" in found.output
    assert not (tmp_path / "x.json").exists()
