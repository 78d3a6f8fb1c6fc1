"""What a month's report says first: only what chance does not explain, the gravest first."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from explainer.server.audit_report import _worded
from explainer.server.words import words_in
from explainer.service.month.accesses import Accesses
from explainer.service.month.calendar import Month
from explainer.service.month.erasures import Erasures
from explainer.service.month.findings import Counted, Level, findings_of
from explainer.service.month.log_state import LogState, Look
from explainer.service.month.texts import Texts, Written
from explainer.service.month.versions import Versions
from explainer.service.month.voices import Voices

A, B, DAY = "a" * 64, "b" * 64, date(2026, 10, 3)
ERASED = Erasures(0, None, None, {}, 0)
LOG = LogState(5, 100, {}, 1, 100, Look.WHOLE)
LOOKS = Accesses(0, 0, 0, 0, 0, [], [])


def texts(*made, rules=None, gone=0, causes=None, private=None):
    by_day = [
        Written(DAY, writer, model, template, *((0, 0, 0) if writer == "template" else (model + template, template, 0)))
        for writer, model, template in made
    ]
    total, rules, private = sum(one.model + one.template for one in by_day), rules or {}, private or {}
    held_back, with_private = sum(rules.values()), sum(private.values())
    return Texts(total, total, gone, by_day, rules, held_back, causes or {}, {}, private, with_private)


def voices(complaints=0, verdicts=None, waiting=0):
    return Voices({"wrong": complaints}, [], {}, {}, verdicts or {}, waiting, 0, 0)


def found(now, before=None, **more):
    counted = {
        "month": Month(2026, 10), "over": True, "texts": now, "texts_before": before or texts(),
        "voices": voices(), "voices_before": voices(), "accesses": LOOKS, "erasures": ERASED,
        "versions": Versions([], [], 0), "log": LOG,
    }  # fmt: skip
    return {one.key: one for one in findings_of(Counted(**counted | more))}


def test_a_rise_of_fallbacks_names_the_writer_it_came_with():
    rise = found(texts((A, 950, 20), (B, 900, 80)), texts((A, 1900, 60)))["fallback_rose"]
    assert rise.level is Level.WARN
    assert (rise.values["writer_version"], rise.values["n"], rise.values["of"]) == (B, 100, 1950)
    words = _worded(rise, words_in("en"))
    assert words == "Fallbacks rose from 3.1% to 5.1% (100 of 1,950); most of all with writer bbbbbbbbbbbb: 8.2%."


@pytest.mark.parametrize(
    ("before", "now", "key"),
    [
        ((97, 3), (95, 5), "fallback"),  # chance
        ((969, 31), (900, 100), "fallback_rose"),
        ((900, 100), (969, 31), "fallback_fell"),
        ((99_800, 200), (99_500, 500), "fallback"),  # sure, and too little to matter
        ((0, 0), (50, 50), "fallback_alone"),
    ],
)
def test_only_what_chance_does_not_explain_is_a_change(before, now, key):
    assert key in found(texts((A, *now)), texts((A, *before)))


def test_texts_without_a_model_are_no_fallbacks():
    assert {"no_model"} <= found(texts(("template", 0, 40))).keys()
    mixed = found(texts(("template", 0, 40), (A, 50, 0)))["fallback_alone"]
    assert (mixed.values["n"], mixed.values["of"]) == (0, 50)


def test_complaints_and_rules_that_rose_are_named():
    made = found(
        texts((A, 1000, 0), rules={"digits": 90, "name": 30}),
        texts((A, 1000, 0), rules={"name": 28}),
        voices=voices(30),
        voices_before=voices(5),
    )
    assert (made["complaints_rose"].values["per_mille"], made["complaints_rose"].values["before_per_mille"]) == (30, 5)
    assert made["rule_rose"].values["rule"] == "digits"
    assert "no_complaints" in found(texts((A, 9, 0)))


def test_nothing_rose_against_a_month_of_which_much_is_gone():
    now, before = texts((A, 900, 100), rules={"digits": 90}), texts((A, 990, 10), gone=400)
    made = found(now, before, voices=voices(30))
    assert {"fallback_alone", "complaints", "gate", "not_compared"} <= made.keys()
    few = texts((A, 990, 10), gone=3)
    assert {"fallback_rose", "complaints_rose", "rule_rose"} <= found(now, few, voices=voices(30)).keys()


def test_an_outage_that_chance_does_not_explain_is_a_warning():
    down = found(texts((A, 70, 30), causes={"engine_unavailable": 30}), texts((A, 100, 0)))
    assert down["engine_unavailable"].level is Level.WARN
    assert "gate" not in down
    usual = found(texts((A, 98, 2), causes={"engine_unavailable": 2, "withdrawn": 60}), texts((A, 99, 1)))
    assert usual["engine_unavailable"].level is usual["withdrawn"].level is Level.NOTE


def test_an_erasure_that_took_more_than_a_month_comes_first():
    made = found(texts((A, 9, 0)), erasures=Erasures(2, 10.0, 31 * 86_400.0, {}, 0))
    assert next(iter(made)) == "erasures_late"
    assert "erasures" in found(texts((A, 9, 0)), erasures=Erasures(2, 10.0, 29 * 86_400.0, {}, 0))


def test_a_log_that_is_not_whole_or_not_signed_is_said():
    broken = msgspec.structs.replace(LOG, look=Look.BROKEN, fault="altered", at=3, trouble="Entry 3 was altered.")
    assert next(iter(found(texts(), log=broken))) == "log_broken"
    unsigned = msgspec.structs.replace(LOG, vouched=90)
    assert found(texts(), log=unsigned)["log_unsigned"].values["n"] == 10
    assert "log_unsigned" not in found(texts(), log=unsigned, over=False), "the service will sign them yet"


def test_reviewers_who_fall_behind_and_looks_without_a_ticket_are_named():
    made = found(
        texts((A, 9, 0)),
        voices=voices(verdicts={"good": 2, "wrong": 1}, waiting=4),
        accesses=Accesses(9, 3, 1, 2, 2, [], []),
    )
    assert made["reviews_wait"].level is made["unmasked_bare"].level is Level.WARN
    calm = found(
        texts((A, 9, 0)), voices=voices(verdicts={"good": 2, "wrong": 1}), accesses=Accesses(9, 3, 0, 2, 2, [], [])
    )
    assert (calm["reviews"].values["bad"], calm["accesses"].values["tickets"]) == (1, 2)


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_finding_has_words_in_every_language(locale):
    late, looked = voices(1, waiting=3), Accesses(9, 3, 1, 2, 2, [], [])
    many = (
        found(texts((A, 950, 20), (B, 900, 80)), texts((A, 1900, 60))),
        found(texts((A, 1000, 0), rules={"digits": 90}), texts((A, 900, 100)), voices=voices(30, {"good": 1})),
        found(texts((A, 9, 0), rules={"digits": 1}), voices=late, accesses=looked),
        found(texts((A, 9, 0), gone=9, private={"health": 2}), log=msgspec.structs.replace(LOG, look=Look.UNSIGNED)),
        found(texts((A, 9, 0), causes={"engine_unavailable": 1, "withdrawn": 1}), texts(gone=9)),
        found(texts(), log=msgspec.structs.replace(LOG, look=Look.UNVERIFIED, trouble="Not signed.")),
        found(texts(), log=msgspec.structs.replace(LOG, look=Look.BROKEN, fault="altered", at=3, trouble="Entry 3.")),
        found(texts(), log=msgspec.structs.replace(LOG, look=Look.NONE), erasures=Erasures(0, None, None, {}, 2)),
        found(texts(), versions=Versions([], [], 7)),
        found(texts(), erasures=Erasures(2, 10.0, 31 * 86_400.0, {}, 0), log=msgspec.structs.replace(LOG, vouched=9)),
    )
    for made in many:
        assert all(_worded(one, words_in(locale)) for one in made.values())
