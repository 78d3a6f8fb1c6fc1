"""The writer: gate, one more try, fallback, cache; whatever the engine does, a true text comes out."""

from __future__ import annotations

import re

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.cues import CueTable, signature
from explainer.writing.engines import Draft, Engine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, Style
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer, WritingPolicy
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


def write(engine, *requests, cache=None, style=None, cues=None, policy=None):
    writer = Writer(PromptLibrary(), load_vocabulary, engine, cache, cues, policy)
    return writer.write(requests or [Request(FACTS, "u")], style)


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


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_reader_of_another_language_gets_the_templates_in_it_and_never_english(audience):
    engine = ScriptedEngine(GOOD)
    (written,) = write(engine, style=Style("zh", audience))
    assert (written.source, written.prompt_hash, engine.asked) == ("template", "", [])
    assert "排" in written.text if audience != "customer" else "《b1》" in written.text
    latin = set(re.findall("[A-Za-z]+", written.draft.replace("{", " {").replace("}", "} ")))
    assert latin <= set(re.findall("[A-Za-z]+", " ".join(written.slots)))


def test_an_engine_that_speaks_chinese_is_held_to_the_chinese_gate():
    class Speaker(ScriptedEngine):
        locales = frozenset({"en", "zh"})

    good = "您给{b1}打了{b1.value}，而{item}同样是剧情题材。"
    (written,) = write(Speaker(good), style=Style("zh"))
    assert (written.source, written.text) == ("model", "您给《b1》打了 5 星，而《Item》同样是剧情题材。")
    english = write(Speaker(GOOD, GOOD), style=Style("zh"))[0]
    assert english.source == "template"
    assert any(f.startswith("wrong_language") for f in english.failures)
    assert "您" in english.text


def test_a_domain_the_engine_was_not_trained_for_never_reaches_it():
    class Shopkeeper(ScriptedEngine):
        domains = frozenset({"shop"})

    engine = Shopkeeper(GOOD)
    assert write(engine)[0].source == "template"
    assert engine.asked == []


def test_without_behaviours_the_model_may_not_invent_any():
    engine = ScriptedEngine(GOOD, GOOD)
    (written,) = write(engine, Request(evidence(), "u"))
    assert (written.source, engine.asked) == ("template", [1, 1])
    assert "unknown_slot: b1" in written.failures


def test_equal_prompts_are_written_once_and_texts_stay_in_order():
    engine = ScriptedEngine(GOOD)
    requests = [Request(FACTS, f"u{n}") for n in range(40)]
    written = write(engine, *requests)
    assert len(written) == 40
    assert engine.asked == [1]
    assert len({w.prompt_hash for w in written}) == 1


CUES = CueTable({"customer a": tuple(f"Cue {n}" for n in range(9))})


def test_readers_of_equal_facts_get_one_of_a_few_texts_and_always_the_same():
    engine = ScriptedEngine(GOOD)
    requests = [Request(FACTS, f"u{n}") for n in range(60)]
    assert signature(FACTS, Style()) == "customer a"
    first = write(engine, *requests, cues=CUES, policy=WritingPolicy(drafts=4))
    assert len({w.prompt_hash for w in first}) == engine.asked[0] == 4
    again = write(ScriptedEngine(GOOD), *reversed(requests), cues=CUES, policy=WritingPolicy(drafts=4))
    assert [w.prompt_hash for w in again] == [w.prompt_hash for w in reversed(first)]


def test_other_facts_of_the_same_kind_begin_otherwise():
    many = [evidence(f"r {aspect}") for aspect in ("drama", "noir", "crime", "war", "horror", "comedy", "western")]
    policy = WritingPolicy(drafts=2)
    used = set()
    for facts in many:
        writer = Writer(PromptLibrary(), load_vocabulary, ScriptedEngine(GOOD), None, CUES, policy)
        asked = writer.prompts_of([Request(facts, f"u{n}") for n in range(30)])
        assert len(asked) == 2
        used |= {prompt.user.split("\n")[0] for prompt in asked}
    assert len(used) > 4


def test_the_second_try_begins_otherwise():
    asked = []

    class Picky(ScriptedEngine):
        def write(self, prompts, sampling):
            asked.extend(prompts)
            return [Draft(GOOD if sampling.attempt else BAD) for _ in prompts]

    (written,) = write(Picky(), cues=CUES)
    first, second = (prompt.user.split("\n", 1) for prompt in asked)
    assert (written.source, written.drafts) == ("model", 2)
    assert first[1] == second[1]
    assert first[0] != second[0]


def test_facts_without_known_cues_leave_the_beginning_free():
    (prompt,) = Writer(PromptLibrary(), load_vocabulary, ScriptedEngine(GOOD)).prompts_of([Request(FACTS, "u")])
    assert not prompt.user.startswith("Begin")


def test_an_outage_in_the_second_try_keeps_what_the_first_wrote():
    class Flaky(ScriptedEngine):
        def write(self, prompts, sampling):
            if sampling.attempt:
                raise EngineUnavailable("gone")
            return [Draft(GOOD if "drama" in prompt.user else BAD) for prompt in prompts]

    cache = DictCache()
    noir = evidence("r noir")
    good, bad = write(Flaky(), Request(FACTS, "u"), Request(noir, "u"), cache=cache)
    assert (good.source, bad.source) == ("model", "template")
    assert [outcome.draft for outcome in cache.values()] == [GOOD], "what was written is remembered, the outage is not"


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
    strict = Writer(PromptLibrary(), lambda *_: frozenset({"you"}), ScriptedEngine(GOOD), cache)
    (written,) = strict.write([Request(FACTS, "u")])
    assert written.source == "template"
    assert any(f.startswith("unknown_word") for f in written.failures)


def test_nothing_to_write_is_no_work():
    assert Writer(PromptLibrary(), load_vocabulary, ScriptedEngine(GOOD)).write([]) == []


def test_facts_of_a_kind_that_was_never_learnt_are_told_by_the_template():
    engine = ScriptedEngine(GOOD)
    (written,) = write(engine, cues=CueTable({"customer p": ("You gave",)}))
    assert engine.asked == []
    assert (written.source, written.prompt_hash, written.drafts) == ("template", "", 0)
