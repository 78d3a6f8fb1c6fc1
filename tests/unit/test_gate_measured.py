"""``explainer evaluate gate``: what it counts, and that nothing false passes."""

from __future__ import annotations

import json
import random

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from explainer.cli import main
from explainer.paths import corpus_dir
from explainer.tuning.evaluation.gate import GateExam, examine_gate
from explainer.tuning.evaluation.perturbations import Good, perturbations
from explainer.tuning.evaluation.perturbations.reading import owned
from explainer.tuning.examples import read_corpus, vocabulary_of
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES

CLASSES = {
    "aspect_of_another", "aspect_of_neither", "polarity", "number", "name", "offer", "superlative", "url", "markup",
    "zero_width", "bidi", "homoglyph", "residue", "slot", "language", "who", "cause", "sensitive", "shape", "repeated",
    "unfounded",
}  # fmt: skip


def test_nothing_false_passes_and_nothing_true_is_refused(tmp_path):
    out = tmp_path / "gate.json"
    result = CliRunner().invoke(main, ["evaluate", "gate", "--cases", "2100", "--seed", "5", "--json", str(out)])
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_bytes())
    assert set(found["classes"]) == CLASSES
    assert all(score["cases"] >= 100 for score in found["classes"].values())
    assert [name for name, score in found["classes"].items() if score["false_accepts"]] == [], found["accepted"]
    assert found["gold"] >= 500
    assert found["false_rejects"] / found["gold"] <= 0.02
    assert found["locale"], found["seed"] == ("en", 5)


def test_a_gate_that_lets_everything_through_is_seen(monkeypatch):
    from explainer.tuning.evaluation import gate as measured
    from explainer.writing.gate import Verdict

    monkeypatch.setattr(measured, "check", lambda *_: Verdict())
    examples = read_corpus(corpus_dir("en"))[:60]
    words = {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
    report = examine_gate(GateExam("en", examples, examples[:5], words, words, cases=400))
    assert report.false_accepts == report.cases > 300
    assert report.accepted
    assert report.gold == 25


def test_a_gate_that_refuses_everything_is_seen():
    examples = read_corpus(corpus_dir("en"))[:60]
    nothing = dict.fromkeys(AUDIENCES, frozenset())
    report = examine_gate(GateExam("en", examples, examples[:5], nothing, nothing, cases=20))
    assert report.false_reject_rate == report.unseen_reject_rate == 1.0
    assert report.rejected


def test_equal_seeds_give_equal_reports():
    examples = read_corpus(corpus_dir("en"))[::20]
    words = {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
    exam = GateExam("en", examples, examples[:5], words, words, cases=200, seed=3)
    assert examine_gate(exam) == examine_gate(exam)


def test_a_locale_without_texts_is_an_error_that_names_it():
    result = CliRunner().invoke(main, ["evaluate", "gate", "--locale", "xx"])
    assert result.exit_code == 1
    assert "'xx'" in result.output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The noir of {b1} and the war of {b2}.", {("noir", "b1"), ("war", "b2")}),
        ("{item} is a war film like {b2}.", {("war", "b2")}),
        ("{b1} is noir, and {item} shares war with {b2}.", {("noir", "b1"), ("war", "b2")}),
        ("You liked {b1} and {b2}; {item} has noir and war.", set()),
    ],
)
def test_only_sure_ownership_is_read_off_a_text(text, expected):
    assert {(found.aspect, slot) for found in owned(text, ("noir", "war")) for slot in found.slots} == expected


def test_a_fact_that_is_changed_is_one_that_the_text_relies_on():
    """Every case either has another text or other facts than the true one it comes from."""
    rng = random.Random(1)
    for example in read_corpus(corpus_dir("en"))[::40]:
        good = Good(example.text, example.evidence(), example.style, example.id)
        for changes in perturbations("en", PromptLibrary()).values():
            for change in changes:
                for case in change(good, rng):
                    assert (case.text, case.evidence) != (good.text, good.evidence)
                    assert case.change
    assert replace(good.evidence, title="x") != good.evidence
