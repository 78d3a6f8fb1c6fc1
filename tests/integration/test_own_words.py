"""Words of an operator's own lists, in a service made of settings: said to nobody, masked for support, on record."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access import Role
from explainer.assembly import make_helping_explainer, make_served_explainer
from explainer.loading import Loaded, make_heirs, make_writer
from explainer.server.app import create_app
from explainer.service.masking import MASK
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.stages import Stages
from explainer.service.unnamed import NO_TEXT
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ViewRow
from explainer.writing.style import Style
from explainer.writing.texts import MODEL, TEMPLATE, Request
from retriever.data import CleaningReport, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating
from tests.databases import holdable
from tests.integration.watched import CASE, Scripted, keys_of, model_draft, one_cause

A, S, U, X = Role.APP, Role.SUPPORT, Role.AUDITOR, Role.ADMIN
WHO, ITEM = "gus", "w4"
TITLES = ("Ash", "Birch", "Cedar", "Dune", "Elm", "Fern")
WORDS = ("roulette", "gluten")
SHIPPED = "hiv"
ON = frozenset({"hardship"})
"""A category that no item here is of; the others are switched off, and texts are held to them all the same."""


def dataset():
    """The usual films and six more that some people like, with aspects that are words of own lists or a shipped one."""
    plain = holdable(make_dataset())
    wheels = [Item(f"w{n}", title, ("gluten free", "hiv", "roulette noir", "vault")) for n, title in enumerate(TITLES)]
    liked = [rating(f"g{u}", f"w{(u + n) % 6}", 5.0, 2_000_000 + n) for u in range(12) for n in range(4)]
    liked += [rating(WHO, f"w{n}", 5.0, 3_000_000 + n) for n in range(4)]
    return replace(plain, items=(*plain.items, *wheels), behaviours=(*plain.behaviours, *liked))


@pytest.fixture(scope="module")
def model():
    return fit(dataset(), HashEncoder(), SMALL_HYBRID)


@pytest.fixture
def settings(empty, model, tmp_path):
    """Of a service that knows the shipped lists."""
    with empty.session() as session:
        catalogue.ingest(session, dataset(), CleaningReport(), lambda _: None)
    made = Settings(home=tmp_path / "home", database_url=empty.url, engine="none", sensitive=ON)
    model.save(made.models)
    return made


@pytest.fixture
def own(settings, tmp_path):
    """The same with own lists: a category, and terms of a shipped one; no item is of them, as they make exceptions."""
    for name, lines in {"gambling": "Roulette\n!roulette noir\n", "health": "gluten\n!gluten free\n"}.items():
        (tmp_path / "lists" / name).mkdir(parents=True)
        (tmp_path / "lists" / name / "en.txt").write_text(lines)
    return settings.model_copy(update={"sensitive_lists": tmp_path / "lists"})


@pytest.fixture
def keys(settings, empty):
    return keys_of(empty)


@pytest.fixture
def serving(keys):
    """Return what opens a service of settings, and a function that asks it as a role."""

    @contextmanager
    def serve(settings):
        with TestClient(create_app(make_served_explainer(settings), queue=4)) as client:

            def ask(role, path, method="GET", json=None, **headers):
                return client.request(method, path, json=json, headers=keys[role] | headers)

            yield ask

    return serve


def explained(ask, role=A):
    (made,) = ask(role, "/v1/explanations", "POST", {"user": WHO, "item": ITEM}).json()["explanations"]
    return made


def told(text):
    return [word for word in WORDS if word in text.lower()]


def facts(made):
    return json.dumps([made["text"], made["evidence"]])


def said(row):
    return json.dumps([row.text, *(cited.reasons for cited in row.evidence)])


def embedded(ask, made):
    token = ask(A, f"/v1/explanations/{made['id']}/embed-token", "POST", {}).json()["token"]
    return ask(A, f"/embed/explanations/{made['id']}", authorization=f"Embed {token}")


def page(ask):
    """Return a customer's page, but for what the catalogue says of the items that are recommended."""
    return re.sub(r'<p class="aspects">.*?</p>', "", ask(A, f"/?user={WHO}").text)


def test_no_text_and_no_evidence_names_them(serving, settings, own):
    with serving(settings) as ask:
        assert told(facts(explained(ask))), "without own lists they are said"
        assert told(page(ask))
    with serving(own) as ask:
        made = explained(ask)
        shown = [facts(made), embedded(ask, made).text, page(ask)]
        assert made["evidence"], "there is another reason"
        assert "vault" in made["text"]
        assert not [text for text in shown if told(text)]
        assert "contributions" in made
        assert MASK not in made["contributions"], "the behaviours themselves are not private"


def test_no_tag_is_one_of_them_for_customers_and_support_reads_that_there_are_some(serving, settings, own):
    path = f"/v1/users/{WHO}/tags"
    with serving(settings) as ask:
        assert told(ask(A, path).text)
    with serving(own) as ask:
        assert [tag["tag"] for tag in ask(A, path).json()["tags"]] == ["vault"]
        masked = ask(S, path)
        assert [tag["tag"] for tag in masked.json()["tags"]] == ["vault"]
        assert (told(masked.text), masked.json()["masked"]) == ([], 1)
        assert told(ask(S, path, **CASE).text) == told(ask(X, path).text) == list(WORDS)
        assert ask(A, f"{path}/roulette noir", "DELETE").status_code == 204
        assert ask(A, path).json()["deleted"] == []
        assert ask(S, path).json()["deleted"] == []


def test_what_was_shown_before_is_told_no_more_masked_for_support_and_a_look_at_it_is_one(
    serving, settings, own, empty
):
    with serving(settings) as ask:
        made = explained(ask)
        assert told(made["text"])
    path = f"/v1/explanations/{made['id']}"
    with serving(own) as ask:
        shown = ask(A, path)
        assert (shown.json()["text"], shown.json()["evidence"]) == (NO_TEXT["en"], [])
        assert embedded(ask, made).json()["sentence"] == NO_TEXT["en"]
        listed, again = ask(A, f"/v1/explanations?user={WHO}"), ask(A, f"{path}/replay")
        assert not told(shown.text + embedded(ask, made).text + page(ask) + listed.text + again.text)
        masked = ask(S, path)
        assert (masked.json()["text"], told(masked.text)) == (MASK, [])
        assert not told(ask(S, f"/support/explanations/{made['id']}").text + ask(S, "/v1/explanations").text)
        assert ask(S, f"{path}/replay").status_code == 403
        assert ask(S, path, **CASE).json()["text"] == made["text"]
        assert ask(X, f"{path}/counterfactual").status_code == 200
        assert MASK in ask(A, f"{path}/counterfactual").json()["behaviours"]
        assert ask(U, f"/v1/audit/explanations/{made['id']}").status_code == 200
    with empty.session() as session:
        (look,) = session.scalars(select(ViewRow).where(ViewRow.what == "audit record"))
    assert look.unmasked, "an auditor saw what support would not"


def test_a_list_that_was_shown_before_is_explained_anew(settings, own):
    (before,) = make_served_explainer(settings).explain_top(WHO, 1, reuse=True)
    (again,) = make_served_explainer(settings).explain_top(WHO, 1, reuse=True)
    (after,) = make_served_explainer(own).explain_top(WHO, 1, reuse=True)
    assert before.id == again.id != after.id
    assert (bool(told(before.text)), told(after.text)) == (True, [])


def test_a_draft_that_says_one_is_refused_and_counted(own, empty, serving):
    user, item, aspect = one_cause(make_helping_explainer(own, None, None))
    (own.sensitive_lists / "gambling" / "en.txt").write_text("seam\n")
    engine = Scripted(model_draft(aspect))
    (row,) = make_helping_explainer(own, engine, None).explain_items(user, [item])
    assert (row.source, row.gate_failures, engine.asked) == (TEMPLATE, ["sensitive", "sensitive"], 2)
    assert "seam" not in row.text
    with serving(own) as ask:
        points = ask(U, "/v1/audit/series").json()["points"]
    assert [point["gate_failures"] for point in points if point["gate_failures"]] == [{"sensitive": 1}]


def test_a_draft_that_was_remembered_is_used_no_more_and_a_replay_says_why(settings, own, serving):
    user, item, aspect = one_cause(make_helping_explainer(settings, None, None))
    engine = Scripted(model_draft(aspect))
    (before,) = make_helping_explainer(settings, engine, None).explain_items(user, [item])
    (own.sensitive_lists / "gambling" / "en.txt").write_text("seam\n")
    (after,) = make_helping_explainer(own, engine, None).explain_items(user, [item])
    assert (before.source, after.source, after.gate_failures) == (MODEL, TEMPLATE, ["sensitive"])
    assert engine.asked == 1, "it was remembered"
    with serving(own) as ask:
        found = ask(U, f"/v1/explanations/{before.id}/replay").json()
    assert [one["now"] for one in found["differences"] if one["what"] == "gate"] == [["sensitive"]]


def test_what_an_auditor_counts_names_an_operators_category(own, serving):
    (own.sensitive_lists / "gambling" / "en.txt").write_text("roulette\n")
    with serving(own.model_copy(update={"sensitive": frozenset({"gambling"})})) as ask:
        made = explained(ask)
        assert not told(facts(made))
        assert ask(U, f"/v1/audit/explanations/{made['id']}").json()["record"]["private"] == {"gambling": 4}


@pytest.mark.parametrize("on", [frozenset(), frozenset({"hardship"}), frozenset({"gambling"})])
def test_they_are_held_back_whichever_categories_items_are_judged_by(own, on):
    (row,) = make_served_explainer(own.model_copy(update={"sensitive": on})).explain_items(WHO, [ITEM])
    assert "vault" in row.text
    assert not told(said(row))
    assert SHIPPED not in said(row)


def test_shipped_words_are_held_back_where_no_item_is_private(settings, serving):
    """As with ``EXPLAINER_SENSITIVE=none``."""
    with serving(settings.model_copy(update={"sensitive": frozenset()})) as ask:
        made, tags = explained(ask), ask(A, f"/v1/users/{WHO}/tags").text
        assert ask(U, f"/v1/audit/explanations/{made['id']}").json()["record"]["private"] == {}
        assert ask(S, f"/v1/explanations/{made['id']}").json()["text"] == made["text"], "support reads it as it is"
    assert told(facts(made)) == told(tags) == list(WORDS)
    assert SHIPPED not in facts(made) + tags


def test_a_process_that_helps_writes_what_the_service_would_have(own):
    stages = Stages(make_helping_explainer(own, None, None), Order(1))
    stages.store(stages.prepare([WHO]))
    explainer = make_served_explainer(own)
    (row,) = explainer.explain_top(WHO, 1, reuse=True)
    with explainer.database.session() as session:
        assert session.scalars(select(ExplanationRow.id)).all() == [row.id], "nothing was to be done again"
    assert not told(row.text)


@pytest.mark.parametrize("way", ["promoted", "on ray"])
def test_a_writer_that_is_made_apart_refuses_them_too(settings, own, empty, monkeypatch, way):
    (own.sensitive_lists / "gambling" / "en.txt").write_text("seam\n")
    explainer = make_helping_explainer(settings, None, None)
    user, item, aspect = one_cause(explainer)
    asking = explainer.asking(user, None)
    (target,) = [one for one in explainer.best(asking, 3) if one.item.id == item]
    request = Request(explainer.cases(asking).case(asking, target, Style()).evidence, user)
    for name in ("_loaded_with", "loaded_writer"):
        monkeypatch.setattr(f"explainer.loading.{name}", lambda *_: Loaded(Scripted(model_draft(aspect))))
    monkeypatch.setattr("explainer.loading.make_adapters", lambda *_: None)

    def source(settings):
        if way == "on ray":
            return make_writer(settings).write([request])[0].source
        writer = make_heirs(settings.model_copy(update={"engine": "auto"})).load(empty, None)
        try:
            return writer.write([request])[0].source
        finally:
            writer.engine.close()

    assert (source(settings), source(own)) == (MODEL, TEMPLATE)
