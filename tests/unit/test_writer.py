"""The writer: gate, one more try, fallback, cache; whatever the engine does, a true text comes out."""

from __future__ import annotations

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft, Engine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Request, Writer, openings_for
from tests.unit.test_gate import evidence

GOOD = "You gave {b1} {b1.value}, and {item} is a drama too."
BAD = "You gave {b1} 5 stars, and {item} won an Oscar."


class ScriptedEngine:
    """Writes what it is told, try by try, and counts what it was asked."""

    name, model_hash, adapter_hash = "scripted", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, *tries: str | Exception) -> None:
        self.tries = tries
        self.asked: list[int] = []

    def write(self, prompts, sampling):
        self.asked.append(len(prompts))
        said = self.tries[sampling.attempt]
        if isinstance(said, Exception):
            raise said
        return [Draft(said) for _ in prompts]


class DictCache(dict):
    def get(self, keys):
        return {key: self[key] for key in keys if key in self}

    def put(self, outcomes):
        for key, outcome in outcomes.items():
            self.setdefault(key, outcome)


FACTS = evidence("r drama")


def write(engine, *requests, cache=None, **style):
    return Writer(PromptLibrary(), load_vocabulary, engine, cache).write(requests or [Request(FACTS, "u")], **style)


def test_the_scripted_engine_keeps_the_contract():
    assert isinstance(ScriptedEngine(GOOD), Engine)


def test_a_good_draft_is_filled_and_marked_as_the_models():
    (written,) = write(ScriptedEngine(GOOD))
    assert (written.source, written.failures) == ("model", ())
    assert written.text == "You gave b1 5 stars, and Item is a drama too."
    assert written.draft == GOOD


def test_a_bad_draft_gets_one_more_try():
    engine = ScriptedEngine(BAD, GOOD)
    (written,) = write(engine)
    assert (written.source, engine.asked) == ("model", [1, 1])
    assert "digits" in written.failures


def test_two_bad_drafts_end_in_the_fallback_which_names_what_failed():
    (written,) = write(ScriptedEngine(BAD, BAD))
    assert written.source == "template"
    assert "digits" in written.failures
    assert "Oscar" not in written.text
    assert "drama" in written.text


@pytest.mark.parametrize("engine", [None, ScriptedEngine(EngineUnavailable("no memory"))])
def test_no_engine_or_a_broken_one_still_gives_a_text(engine):
    (written,) = write(engine)
    assert written.source == "template"


def test_a_locale_the_engine_does_not_speak_never_reaches_it():
    class German(ScriptedEngine):
        locales = frozenset({"de"})

    engine = German(GOOD)
    assert write(engine)[0].source == "template"
    assert engine.asked == []


def test_a_domain_the_engine_was_not_trained_for_never_reaches_it():
    class Shopkeeper(ScriptedEngine):
        domains = frozenset({"shop"})

    engine = Shopkeeper(GOOD)
    assert write(engine)[0].source == "template"
    assert engine.asked == []


def test_without_behaviours_the_model_is_not_asked():
    engine = ScriptedEngine(GOOD)
    (written,) = write(engine, Request(evidence(), "u"))
    assert (written.source, engine.asked) == ("template", [])


def test_equal_prompts_are_written_once_and_texts_stay_in_order():
    engine = ScriptedEngine(GOOD)
    requests = [Request(FACTS, f"u{n}") for n in range(40)]
    written = write(engine, *requests)
    assert len(written) == 40
    assert engine.asked[0] == len({w.prompt_hash for w in written}) <= 4


def test_the_cache_answers_the_second_time_also_for_failures():
    cache = DictCache()
    for tries, source in (((GOOD,), "model"), ((BAD, BAD), "template")):
        engine, cache = ScriptedEngine(*tries), DictCache()
        first = write(engine, cache=cache)[0]
        again = write(engine, cache=cache)[0]
        assert (first.text, first.source) == (again.text, again.source) == (first.text, source)
        assert (first.cached, again.cached) == (False, True)
        assert sum(engine.asked) == len(tries)


def test_an_outage_is_not_remembered():
    cache = DictCache()
    write(ScriptedEngine(EngineUnavailable("x")), cache=cache)
    assert write(ScriptedEngine(GOOD), cache=cache)[0].source == "model"


def test_a_cached_draft_that_the_gate_no_longer_passes_is_not_shown():
    cache = DictCache()
    write(ScriptedEngine(GOOD), cache=cache)
    strict = Writer(PromptLibrary(), lambda _: frozenset({"you"}), ScriptedEngine(GOOD), cache)
    (written,) = strict.write([Request(FACTS, "u")])
    assert written.source == "template"
    assert any(f.startswith("unknown_word") for f in written.failures)


@pytest.mark.parametrize(
    ("specs", "openings"),
    [
        (["r drama"], ("you", "item")),
        (["r close"], ("you", "item", "behaviour")),
        (["r people"], ("you", "item", "behaviour", "people")),
        (["r drama people"], ("you", "item", "people")),
        (["r drama", "r drama"], ("you", "item", "behaviour")),
        (["r drama", "r people"], ("you", "item", "people")),
    ],
)
def test_the_opening_fits_the_facts(specs, openings):
    assert openings_for(evidence(*specs)) == openings


def test_nothing_to_write_is_no_work():
    assert Writer(PromptLibrary(), load_vocabulary, ScriptedEngine(GOOD)).write([]) == []
