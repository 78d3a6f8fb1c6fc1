"""A counterfactual is found after the answer, as a record of its own, of the list as it was then."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from litestar.testing import TestClient
from sqlalchemy import delete, select

from explainer.access.keys import create_key
from explainer.attribution.counterfactual import CounterfactualSearch, _Case
from explainer.audit.check import check_log
from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.causes import what_if
from explainer.server.words import words_in
from explainer.service.audited import KEPT
from explainer.service.counterfactuals import find
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.service.replay import replay
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.database import Database
from explainer.storage.explanation_tables import CounterfactualRow
from explainer.storage.explanations import get_explanation
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL
from explainer.underway import Underway
from explainer.view import counterfactual_of, counterfactual_view
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import Dataset, Item
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from tests.conftest import HashEncoder, fill, rating
from tests.integration.problems import problem_of


def left_to(database, *kinds, places=10):
    """Leave counterfactuals to somebody who does these kinds of jobs."""
    return Afterwork(JobQueue(database, JobPolicy(places={COUNTERFACTUAL: places})), kinds)


def jobs(database):
    with database.session() as session:
        return list(session.scalars(select(JobRow.explanation_id)))


@pytest.fixture
def later(database, model):
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary), afterwards=left_to(database))


@contextmanager
def asking(explainer):
    with explainer.database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(explainer, queue=4)) as client:
        client.headers["X-API-Key"] = key
        yield client


def entries(database):
    with database.session() as session:
        return session.scalars(
            select(AuditEntryRow.record_id).where(AuditEntryRow.event == "counterfactual.found")
        ).all()


def stored(database, explanation_id):
    with database.session() as session:
        return counterfactual_of(get_explanation(session, explanation_id))


def test_an_answer_comes_first_and_whoever_asks_has_it_found_once(later, database, explainer):
    with asking(later) as client:
        (made,) = client.post("/v1/explanations", json={"user": "u3", "k": 1}).json()["explanations"]
        path = f"/v1/explanations/{made['id']}"
        assert made["counterfactual"] is None
        assert client.get(path).json()["counterfactual"] is None
        found = client.get(f"{path}/counterfactual").json()
        assert found["k"] == 1
        assert client.get(path).json()["counterfactual"] == found, "what was read before is not kept beyond this"
        assert client.get(f"{path}/counterfactual").json() == found
    assert entries(database) == [made["id"]]
    (at_once,) = explainer.explain_top("u3", 1)
    assert counterfactual_of(at_once) == stored(database, made["id"]), "the same as if it had been found at once"
    with database.session() as session:
        assert check_log(session, KEPT).sound


def test_it_is_of_the_list_as_it_was_when_it_was_shown(later, database):
    (row,) = later.explain_top("u3", 1)
    assert jobs(database) == [row.id]
    asking = later.asking("u3", 1)
    expected = counterfactual_view(asking.history, later.cases(asking).counterfactual(asking, row.item_id, 1))
    with database.session() as session:
        told = rating("u3", "i59", 5.0, 9_000_000)
        session.add(BehaviourRow(id=told.id, user_id="u3", item_id="i59", kind="rating", time=told.time, value=5.0))
    assert find(later, row) == expected
    assert stored(database, row.id) == expected
    assert jobs(database) == [], "nobody needs to find it any more"


def test_a_thread_finds_them_once_nobody_waits_for_an_answer(later, database):
    later.afterwards = finder = left_to(database, COUNTERFACTUAL)
    finder.start(lambda: later)
    with later.underway:
        rows = later.explain_top("u3", 3)
        assert not later.underway.quiet(0.05)
        assert entries(database) == []
    until_all_are_found(database, finder, rows)
    finder.close()
    assert not any(one._thread.is_alive() for one in finder._threads)


def until_all_are_found(database, finder, rows):
    while len(entries(database)) < len(rows):
        assert all(one._thread.is_alive() for one in finder._threads)
    assert sorted(entries(database)) == sorted(row.id for row in rows)


def test_what_a_process_left_is_found_by_the_next(later, database):
    rows = later.explain_top("u3", 3)
    finder = left_to(database, COUNTERFACTUAL)
    finder.start(lambda: later)
    until_all_are_found(database, finder, rows)
    finder.close()


def test_what_does_not_fit_is_left_for_whoever_asks(later, database):
    later.afterwards = left_to(database, COUNTERFACTUAL, places=1)
    _, row = later.explain_top("u3", 2)
    assert row.id not in jobs(database)
    later.afterwards.drain(lambda: later)
    assert row.id not in entries(database)
    assert find(later, row) is not None


def test_an_item_outside_its_list_has_none(later, database):
    last = later.recommendations("u3", 60)[-1]
    (row,) = later.explain_items("u3", [last.item.id])
    assert find(later, row) is None
    with asking(later) as client:
        problem_of(client.get(f"/v1/explanations/{row.id}/counterfactual"), 404)
    assert entries(database) == []


def shown_again(explainer, user, k):
    """Show a list twice and do what is left each time; return its first explanation and how often it was searched."""
    searches = []
    real = CounterfactualSearch.find

    def counted(search, *given):
        searches.append(given)
        return real(search, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CounterfactualSearch, "find", counted)
        for _ in range(2):
            row, *_ = explainer.explain_top(user, k, reuse=True)
            explainer.afterwards.drain(lambda: explainer)
    return row, len(searches)


def test_that_there_is_none_is_found_once_and_told_with_how_far_it_was_looked_for(later, database, monkeypatch):
    monkeypatch.setattr(_Case, "_of_size", lambda *_: None)
    later.afterwards = left_to(database, COUNTERFACTUAL)
    row, searches = shown_again(later, "u3", 1)
    assert (searches, jobs(database), entries(database)) == (1, [], [row.id])
    found = find(later, row)
    assert (found.behaviours, found.max_size) == (None, 5)
    told = what_if(row, {}, "video", words_in("en"))
    assert told == "We found no set of up to 5 behaviours without which it would leave the top 1."


@pytest.fixture
def tied(tmp_path):
    """Somebody who met only what nobody else did: all items score the same for them, and order alone lists some."""
    items = tuple(Item(f"i{n}", f"Film {n}", ("noir",), 1950) for n in range(9))
    met = [rating(f"u{u}", f"i{n}", 5.0, 100 * u + n) for u in range(6) for n in (u % 4, 4 + u % 4)]
    dataset = Dataset("tied", "video", items, (*met, rating("lonely", "i8", 5.0, 1)))
    database = Database(f"sqlite:///{tmp_path / 'tied.db'}")
    fill(database, dataset)
    model = fit(dataset, HashEncoder(), EaseConfig(regularization=10.0))
    writer = Writer(PromptLibrary(), load_vocabulary)
    yield Explainer(database, model, writer, afterwards=left_to(database, COUNTERFACTUAL))
    database.engine.dispose()


def test_of_an_item_that_its_list_has_by_order_alone_it_is_found_once_that_nothing_kept_it_there(tied):
    row, searches = shown_again(tied, "lonely", 3)
    assert searches == 3, "one for each of the list, and none when it was shown again"
    assert jobs(tied.database) == []
    found = find(tied, row)
    assert (found.k, found.behaviours, found.exhaustive) == (3, None, True)
    assert replay(tied, row.id).outcome == "exact"


def test_what_another_recommender_ranked_is_not_guessed(later, database, dataset):
    (row,) = later.explain_top("u3", 1)
    other = Explainer(
        database,
        fit(dataset, HashEncoder(), EaseConfig(regularization=50.0)),
        Writer(PromptLibrary(), load_vocabulary),
        afterwards=left_to(database),
    )
    with asking(other) as client:
        assert "another one serves now" in problem_of(client.get(f"/v1/explanations/{row.id}/counterfactual"), 409)
    assert entries(database) == []


def test_behaviours_that_are_gone_are_not_guessed(later, database):
    (row,) = later.explain_top("u3", 1)
    with database.session() as session:
        session.execute(delete(BehaviourRow).where(BehaviourRow.id == next(iter(row.contributions))))
    with pytest.raises(ConflictError, match="no longer stored"):
        find(later, row)


def test_an_altered_one_is_found_by_the_check(explainer, database):
    (row,) = explainer.explain_top("u3", 1)
    with database.session() as session:
        kept = session.get_one(CounterfactualRow, row.id)
        kept.record = kept.record | {"new_rank": 1}
    with database.session() as session:
        check = check_log(session, KEPT)
    assert [(f.what, f.event, f.record_id) for f in check.findings] == [
        ("digest differs", "counterfactual.found", row.id)
    ]


def test_quiet_is_when_nobody_is_underway():
    underway = Underway(pause_s=0.0)
    assert underway.quiet(0.0)
    with underway, underway:
        assert not underway.quiet(0.0)
    assert underway.quiet(0.0)


def test_it_is_not_quiet_between_one_and_the_next():
    underway = Underway(pause_s=600.0)
    with underway:
        pass
    assert not underway.quiet(0.01)
