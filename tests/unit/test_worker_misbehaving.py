"""Whatever an engine does, the worker tells those who asked and serves the next."""

from __future__ import annotations

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft
from tests.unit.working import LONG, Held, unavailable, working


class Misbehaving(Held):
    def __init__(self, answer):
        super().__init__()
        self._bad = answer

    def answer(self, prompts):
        return self._bad(prompts) if any(p.user.startswith("bad") for p in prompts) else super().answer(prompts)


def raising(error):
    def answer(_):
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (raising(EngineUnavailable("no memory")), "no memory"),
        (raising(ZeroDivisionError("secret detail")), "failed with ZeroDivisionError$"),
        (raising(MemoryError()), "failed with MemoryError"),
        (raising(SystemExit(3)), "failed with SystemExit"),
        (raising(KeyboardInterrupt()), "failed with KeyboardInterrupt"),
        (lambda prompts: [], "another number"),
        (lambda prompts: [Draft("x")] * (len(prompts) + 1), "another number"),
        (lambda prompts: None, "failed with TypeError"),
        (lambda prompts: iter(lambda: Draft("x"), None), "another number"),  # never ends
        (lambda prompts: "bad"[: len(prompts)], "no text"),
        (lambda prompts: [None for _ in prompts], "no text"),
        (lambda prompts: [Draft(7) for _ in prompts], "no text"),
    ],
)
def test_whatever_the_engine_does_its_callers_are_told_and_the_next_are_served(answer, match):
    with working(Misbehaving(answer)) as (worker, submit):
        unavailable(submit("bad"), match)
        assert submit("good").result(LONG) == ["good"]
        assert worker.counters.failures == 1


def test_one_draft_that_is_no_text_concerns_only_who_asked_for_it():
    def one_is_none(prompts):
        return [None if p.user.startswith("bad") else Draft(p.user) for p in prompts]

    engine = Misbehaving(one_is_none)
    with working(engine, batch=2, wait_s=LONG) as (_, submit):
        bad, good = submit("bad"), submit("good")
        unavailable(bad, "no text")
        assert good.result(LONG) == ["good"]
    assert len(engine.batches) == 1
