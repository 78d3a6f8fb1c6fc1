"""What runs along with drafts: always as many as must, of use where somebody said what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

genai = pytest.importorskip("openvino_genai", reason="openvino-genai is not installed")

from explainer.writing.engines import Sampling
from explainer.writing.engines.company import Company
from explainer.writing.prompts import Prompt

LIKE, AGAIN = Sampling(), Sampling().again()
STATUS = genai.GenerationStatus


@dataclass
class Sequence:
    name: str
    status: object = field(default=STATUS.RUNNING)

    def get_status(self):
        return self.status

    def cancel(self):
        self.status = STATUS.CANCEL


@pytest.fixture
def run():
    return []


@pytest.fixture
def company(run):
    def begin(name):
        run.append(Sequence(name))
        return run[-1]

    return Company(2, lambda prompt, sampling: begin(prompt.user), lambda sampling: begin("idle"))


def names(run):
    return [one.name for one in run if one.status == STATUS.RUNNING]


def prompt(text):
    return Prompt("", text, "v")


def test_idle_words_make_up_the_number(company, run):
    company.make_up(LIKE)
    company.make_up(LIKE)
    assert names(run) == ["idle", "idle"]
    run[0].status = STATUS.FINISHED
    company.make_up(LIKE)
    assert names(run) == ["idle", "idle"]


def test_what_may_come_next_runs_in_place_of_idle_words_and_goes_on_when_it_is_asked_for(company, run):
    company.foresee([prompt("next")], AGAIN)
    company.make_up(LIKE)
    assert names(run) == ["next", "idle"]
    assert company.rest(), "something has begun that stays"
    assert names(run) == ["next"]
    assert company.claim(prompt("next"), AGAIN) is run[0]
    assert company.claim(prompt("next"), AGAIN) is None
    company.make_up(LIKE)
    assert names(run) == ["next", "idle", "idle"], "what is asked for is company no more"


def test_another_try_is_another_draft(company, run):
    company.foresee([prompt("next")], AGAIN)
    company.make_up(LIKE)
    assert company.claim(prompt("next"), LIKE) is None


def test_only_the_latest_is_written_ahead_and_what_nobody_wants_ends(company, run):
    company.foresee([prompt("a")], AGAIN)
    company.make_up(LIKE)
    company.foresee([prompt("b")], AGAIN)
    company.foresee([prompt("c")], AGAIN)
    company.make_up(LIKE)
    assert sorted(names(run)) == ["b", "idle"], "no more than there are places"
    run[1].status = STATUS.FINISHED
    company.make_up(LIKE)
    assert sorted(names(run)) == ["b", "c"]
    assert company.claim(prompt("a"), AGAIN) is None


def test_a_draft_that_ended_ahead_waits_for_whoever_asks(company, run):
    company.foresee([prompt("next")], AGAIN)
    company.make_up(LIKE)
    run[0].status = STATUS.FINISHED
    company.make_up(LIKE)
    assert names(run) == ["idle", "idle"]
    assert company.claim(prompt("next"), AGAIN) is run[0]


def test_with_one_thread_nothing_is_written_ahead(run):
    alone = Company(0, lambda prompt, sampling: run.append(prompt), lambda sampling: run.append("idle"))
    alone.foresee([prompt("next")], AGAIN)
    alone.make_up(LIKE)
    assert run == []
    assert not alone.rest()


def test_dismissed_nothing_goes_on(company, run):
    company.foresee([prompt("next")], AGAIN)
    company.make_up(LIKE)
    company.dismiss()
    assert names(run) == []
    assert company.claim(prompt("next"), AGAIN) is None
