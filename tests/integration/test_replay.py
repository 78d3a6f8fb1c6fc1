"""Replay: an explanation computed again from its record is the same, and whatever was altered is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from explainer.attribution.deletion_test import DeletionTest
from explainer.attribution.sequential import SequentialDeletion
from explainer.pipeline import Explainer
from explainer.service.comparison import Outcome, compared
from explainer.service.exclusions import exclude_behaviours, include_behaviour
from explainer.service.replay import replay
from explainer.service.user_settings import set_personalised
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow
from explainer.storage.version_tables import PromptVersionRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import fill, fill_plainly
from explainer.writing.style import AUDIENCES, LOCALES, Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from tests.conftest import GENRES, SMALL_HYBRID, HashEncoder
from tests.integration.problems import problem_of

USERS = ("u1", "u3", "u5", "u8", "nobody at all")


class CarefulEngine:
    """Writes what holds for one cause of one genre, as a language model would on a good day."""

    name, model_hash, adapter_hash = "careful", "m", "a"
    locales, domains = ("en",), ("video",)

    def write(self, prompts, sampling):
        shared = [next((genre for genre in GENRES if genre in prompt.user), "lie") for prompt in prompts]
        return [Draft(f"You gave {{b1}} {{b1.value}}, and {{item}} is a {genre} film too.") for genre in shared]


def differences(explainer, row):
    return {d.what: (d.stored, d.now) for d in replay(explainer, row.id).differences}


def alter(database, table, where, **values):
    with database.session() as session:
        session.execute(update(table).where(where).values(**values))


@pytest.mark.parametrize("causal", [True, False], ids=["causes", "associations"])
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("locale", LOCALES)
def test_right_after_it_was_made_every_explanation_replays_exactly(explainer, locale, audience, causal):
    style = Style(locale, audience)
    if not causal:
        explainer._cases._test = DeletionTest(level=-1.0)  # nothing passes so strict a test
    rows = [row for user in USERS for row in explainer.explain_top(user, 4, style)]
    rows += explainer.explain_items("u2", [item.id for item in unmet(explainer, "u2")][-3:], style)
    assert {row.known_user for row in rows} == {True, False}, "with a cold start"
    assert {(row.verdict or {}).get("causal") for row in rows} == {causal, None}
    for row in rows:
        found = replay(explainer, row.id)
        assert (found.outcome, found.differences, found.notes) == (Outcome.EXACT, [], []), row.text


def unmet(explainer, user):
    met = explainer.history(user).items()
    return [item for item in explainer.model.recommender.catalogue.items if item.id not in met]


def test_it_replays_exactly_in_another_process_and_after_hidden_tags_changed(explainer, database, model):
    tags = explainer.tags
    tag = tags.of("u3").tags[0].tag
    tags.delete("u3", tag)
    hidden = explainer.explain_top("u3", 3)
    tags.restore("u3", tag)
    shown = explainer.explain_top("u3", 3)
    tags.delete("u3", tag)
    again = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))
    assert [replay(again, row.id).outcome for row in (*hidden, *shown)] == [Outcome.EXACT] * 6


@pytest.mark.parametrize("audience", ["customer", "auditor"])
def test_what_was_made_by_the_method_of_then_replays_by_it(database, model, audience):
    writer, style = Writer(PromptLibrary(), load_vocabulary), Style("en", audience)
    once = SequentialDeletion(singly=0, share=0.2)
    now, then = Explainer(database, model, writer), Explainer(database, model, writer, once)
    rows = [row for user in USERS for row in then.explain_top(user, 3, style)]
    mine = [row for user in USERS for row in now.explain_top(user, 3, style)]
    assert {row.method for row in rows} == {"sequential deletion"}
    assert {row.method for row in mine} == {"sequential deletion by halves"}
    assert [row.contributions for row in rows] != [row.contributions for row in mine]
    assert {replay(now, row.id).outcome for row in (*rows, *mine)} == {Outcome.EXACT}


def test_what_was_made_by_a_method_that_nobody_knows_is_told(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    alter(database, ExplanationRow, ExplanationRow.id == row.id, method="tea leaves")
    assert replay(explainer, row.id).outcome is Outcome.DIFFERENT
    assert differences(explainer, row)["method"] == ("tea leaves", "sequential deletion by halves")


def test_what_the_user_did_later_is_left_out_and_said(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    add(database, "u1", row.item_id)
    found = replay(explainer, row.id)
    assert found.outcome is Outcome.EXACT
    assert found.notes == ["1 behaviours came later and were left out."]


def add(database, user, item):
    with database.session() as session:
        session.add(BehaviourRow(id="late", user_id=user, item_id=item, kind="rating", value=5.0, time=9_000_000))


def test_what_was_set_aside_then_is_so_in_the_replay_whatever_is_chosen_now(explainer, database):
    one, two = explainer.history("u1").behaviours[:2]
    exclude_behaviours(database, "u1", [one.id])
    rows = explainer.explain_top("u1", 4)
    exclude_behaviours(database, "u1", [two.id])
    include_behaviour(database, "u1", one.id)
    assert [replay(explainer, row.id).outcome for row in rows] == [Outcome.EXACT] * 4


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("locale", LOCALES)
def test_what_was_shown_while_personal_recommendations_were_off_replays_exactly(explainer, database, locale, audience):
    set_personalised(database, "u1", personalised=False)
    exclude_behaviours(database, "u3", [behaviour.id for behaviour in explainer.history("u3").behaviours])
    rows = [row for user in ("u1", "u3") for row in explainer.explain_top(user, 3, Style(locale, audience))]
    set_personalised(database, "u1", personalised=True)
    assert [replay(explainer, row.id).outcome for row in rows] == [Outcome.EXACT] * 6


def test_a_behaviour_that_is_gone_is_named(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    gone = next(iter(row.contributions))
    with database.session() as session:
        session.execute(delete(BehaviourRow).where(BehaviourRow.id == gone))
    found = replay(explainer, row.id)
    assert found.outcome is Outcome.DIFFERENT
    assert [(d.what, d.stored) for d in found.differences] == [("behaviours", [gone])]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"text": "Recommended because it is on sale."}, {"text"}),
        ({"rank": 17}, {"rank"}),
        ({"score": 17.0}, {"score"}),
        ({"slots": {"item": "Another"}}, {"slots"}),
        ({"draft": "Buy {item}."}, {"draft"}),
        ({"verdict": None}, {"verdict"}),
        ({"order": []}, {"order"}),
        ({"known_user": False}, {"known_user"}),
    ],
)
def test_whatever_was_altered_in_the_record_is_named(explainer, database, values, named):
    (row,) = explainer.explain_top("u3", 1)
    alter(database, ExplanationRow, ExplanationRow.id == row.id, **values)
    found = replay(explainer, row.id)
    assert found.outcome is Outcome.DIFFERENT
    assert {d.what.split(".")[0] for d in found.differences} == named


def test_an_altered_counterfactual_is_named(explainer, database):
    (row,) = explainer.explain_top("u3", 1)
    record = row.counterfactual.record | {"behaviours": []}
    alter(database, CounterfactualRow, CounterfactualRow.explanation_id == row.id, record=record)
    assert {d.what.split(".")[0] for d in replay(explainer, row.id).differences} == {"counterfactual"}


def test_an_altered_reason_and_another_cited_behaviour_are_named(explainer, database):
    (row,) = explainer.explain_top("u3", 1)
    mine = EvidenceRow.explanation_id == row.id
    alter(database, EvidenceRow, mine, reasons=[{"type": "shared_aspect", "aspect": "lies", "source": "catalogue"}])
    assert any(what.startswith("evidence.b1.reasons") for what in differences(explainer, row))
    with database.session() as session:
        session.execute(delete(EvidenceRow).where(mine))
    assert differences(explainer, row)["evidence.b1"][0] is None


def test_altered_templates_are_named(explainer, database):
    (row,) = explainer.explain_top("u3", 1)
    lying = {name: text + "Buy now!" for name, text in PromptLibrary().sources(Style()).items()}
    alter(database, PromptVersionRow, PromptVersionRow.version == row.prompt_version, templates=lying)
    assert "altered" in differences(explainer, row)["prompt_templates"][1]


def test_another_recommender_is_said_first(explainer, database, dataset):
    (row,) = explainer.explain_top("u3", 1)
    other = fit(dataset, HashEncoder(), EaseConfig(regularization=50.0))
    found = replay(Explainer(database, other, Writer(PromptLibrary(), load_vocabulary)), row.id)
    assert found.outcome is Outcome.DIFFERENT
    assert (found.differences[0].what, found.differences[0].now) == ("recommender", other.version)
    assert len(found.differences) > 1


def test_new_prompts_in_use_change_no_replay_and_are_shown(explainer, database, model):
    (row,) = explainer.explain_top("u3", 1)
    library = PromptLibrary()
    sources = {name: text + " " for name, text in library.sources(Style()).items()}
    other = Explainer(database, model, Writer(PromptLibrary(sources=sources), load_vocabulary))
    found = replay(other, row.id)
    assert found.outcome is Outcome.EXACT
    assert [v.what for v in found.versions if not v.same] == ["prompt"]


def test_a_models_draft_goes_through_the_gate_again(explainer, database, model):
    writing = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, CarefulEngine()))
    rows = [row for user in ("u1", "u3", "u5", "u8") for row in writing.explain_top(user, 8)]
    written = [row for row in rows if row.source == "model"]
    assert written, "no draft passed the gate"
    for row in written:
        assert replay(explainer, row.id).outcome is Outcome.EXACT, "whatever engine runs now, none is asked"
    row = written[0]
    alter(database, ExplanationRow, ExplanationRow.id == row.id, draft="Because it is the best film ever, buy {item}.")
    assert "gate" in differences(explainer, row)


def test_a_text_that_would_be_worded_otherwise_today_replays_as_it_was_shown(database, dataset, monkeypatch):
    """As before equal ratings were told once, and before "Harry Met Sally..." ended a sentence by itself."""
    items = tuple(replace(item, title=f"{item.title}...") for item in dataset.items)
    ended = fit(replace(dataset, items=items), HashEncoder(), SMALL_HYBRID)
    explainer = Explainer(database, ended, Writer(PromptLibrary(), load_vocabulary))

    with monkeypatch.context() as before:
        before.setattr(PromptLibrary, "fallback", PromptLibrary.plain_fallback)
        before.setattr("explainer.writing.writer.fill", fill_plainly)
        rows = [row for user in ("u1", "u3", "u5") for row in explainer.explain_top(user, 6)]
    assert any("...." in row.text for row in rows)
    for row in rows:
        found = replay(explainer, row.id)
        assert (found.outcome, found.differences) == (Outcome.EXACT, []), row.text


def test_a_draft_that_todays_gate_finds_clumsy_is_equivalent_and_one_it_finds_untrue_is_different(
    explainer, database, model
):
    writing = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, CarefulEngine()))
    rows = [row for user in ("u1", "u3", "u5", "u8") for row in writing.explain_top(user, 8)]
    row = next(row for row in rows if row.source == "model")
    genre = next(genre for genre in GENRES if genre in row.draft)
    clumsy = f"You gave {{b1}} {{b1.value}}, and there is {genre} like it in {{item}}, and {genre} like it too."
    alter(database, ExplanationRow, ExplanationRow.id == row.id, draft=clumsy, text=fill(clumsy, row.slots))
    found = replay(explainer, row.id)
    assert (found.outcome, [d.what for d in found.differences]) == (Outcome.EQUIVALENT, ["gate"]), found.differences
    lie = f"You gave {{item}} {{b1.value}}, and {{b1}} is a {genre} film too."
    alter(database, ExplanationRow, ExplanationRow.id == row.id, draft=lie, text=fill(lie, row.slots))
    found = replay(explainer, row.id)
    assert (found.outcome, [d.what for d in found.differences]) == (Outcome.DIFFERENT, ["gate"])


def test_records_from_before_it_was_kept_what_was_asked_replay_too(explainer, database):
    (row,) = explainer.explain_top("u3", 1)
    alter(database, ExplanationRow, ExplanationRow.id == row.id, asked=None)
    found = replay(explainer, row.id)
    assert found.outcome is Outcome.EXACT
    assert "hidden" in found.notes[0]


def test_numbers_a_hair_apart_are_equivalent_and_more_is_different():
    stored = {"score": 2.0, "base_score": 0.5, "contributions": {"a": 1.5}, "rank": 1, "order": ["a", "b"], "text": "x"}
    hair = changed_by(stored, score=2.0 + 1e-6, contributions={"a": 1.5 - 1e-6}, order=["b", "a"])
    assert {d.outcome for d in compared(stored, hair)} == {Outcome.EQUIVALENT}
    for other in ({"score": 2.1}, {"rank": 2}, {"text": "y"}, {"order": ["a"]}, {"score": float("nan")}):
        (difference,) = compared(stored, changed_by(stored, **other))
        assert difference.outcome is Outcome.DIFFERENT
    assert compared(stored, stored) == []


def changed_by(record, **values):
    return {**record, **values}


def test_the_api_replays(client, database):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 1}).json()["explanations"][0]
    answer = client.get(f"/v1/explanations/{made['id']}/replay").json()
    assert (answer["outcome"], answer["differences"]) == ("exact", [])
    assert {v["what"]: v["same"] for v in answer["versions"]} == {"recommender": True, "writer": True, "prompt": True}
    assert "BLAS" in answer["tolerance"]
    alter(database, ExplanationRow, ExplanationRow.id == made["id"], text="Altered.")
    assert client.get(f"/v1/explanations/{made['id']}/replay").json()["outcome"] == "different"
    problem_of(client.get("/v1/explanations/none/replay"), 404)
