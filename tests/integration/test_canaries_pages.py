"""What people fill in on pages is theirs: it is in no log, span, metric, address of ours or answer to somebody else."""

from __future__ import annotations

import re

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from sqlalchemy import select, update

from explainer.access import Role
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.pipeline import Explainer
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.masking import MASK
from explainer.service.package.write import Packer
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.service.subject.listed import ErasureList
from explainer.storage.access_tables import PersonRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import DraftRow
from explainer.storage.jobs import UPGRADE
from explainer.storage.reading_tables import UpgradeRow
from explainer.storage.revisions import DONE
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.overheard import Recording, told_of
from tests.integration.page_visits import (
    CANARY,
    HTMX,
    Person,
    admin,
    audit,
    customer,
    embedded,
    review,
    said_in_location,
    support,
)
from tests.integration.traces import (
    BEHAVIOUR,
    COMMENT,
    ITEMS,
    QUERY,
    USER,
    desk_of,
    live,
)

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
TITLE = "Canary-title of the Psalms"


@pytest.fixture
def engine():
    return Recording()


@pytest.fixture
def spoken(explainer, database, engine):
    writer = Writer(PromptLibrary(), load_vocabulary, BatchingEngine(engine), SqlDraftCache(database))
    made = Explainer(database, explainer.model, writer, afterwards=Afterwork(JobQueue(database), (UPGRADE,)))
    made.review_percent = 0
    return made


@pytest.fixture
def desk(spoken, spans, tmp_path, logged):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    key = ErasureKey.new()
    parts = {
        "tracer": provider.get_tracer("test"),
        "erasing": Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)),
        "packer": Packer(CheckpointFolder(tmp_path / "checkpoints"), Signer.new("test"), tmp_path / "scratch"),
        "embed_origins": ["https://shop.example"],
    }
    with desk_of(spoken, **parts) as made:
        yield made


@pytest.fixture
def people(desk, database):
    """One person of each role who may sign in."""
    homes = {S: "/support", R: "/review", U: "/audit", X: "/admin/keys"}
    with database.session() as session:
        for role in homes:
            add_person(session, f"{role.value}-{CANARY}", role, "three green kettles")
    found = {}
    for role, home in homes.items():
        with database.session() as session:
            token = sign_in(session, session.get_one(PersonRow, f"{role.value}-{CANARY}"))
        one = Person(desk, token)
        one.csrf = re.search('name="csrf" value="([^"]+)"', one.see(home).text)[1]
        found[role] = one
    return found


@pytest.fixture
def ids(desk):
    return live(desk)


def test_pages_say_nothing_beside_their_answers(desk, people, ids, database, engine, spans, logged):
    customer(people[X], ids)
    support(people[S], ids)
    review(people[R], database)
    audit(people[U], ids)
    admin(people[X])
    embedded(desk, ids)
    assert logged().count("explainer.requests") > 100
    silent(desk, engine, spans, logged)
    assert not [a.headers["location"] for a in desk.answers if CANARY in said_in_location(a)]


def silent(desk, engine, spans, logged):
    assert CANARY not in logged().lower()
    seen = list(told_of(spans))
    assert len(seen) > 100
    assert not [one for one in seen if CANARY in one.lower()]
    assert CANARY not in desk.ask(U, "GET", "/metrics").text.lower()
    assert CANARY not in "".join(engine.prompts).lower()


BREAKS = {
    "/": ("explainer.server.customer.history_shown_to", X, {"user": USER}),
    "/support": ("explainer.server.support_find.all_shown_to", S, {"user": USER}),
    "/review/{review}": ("explainer.server.review.case_of", R, {}),
    "/audit": ("explainer.server.audit_pages.note_looks", U, {"user": USER}),
    "/audit/package.zip": ("explainer.server.audit_packages.packed", U, {"user": USER}),
    "/audit/report": ("explainer.server.audit_report_pages.monthly_report", U, {}),
    "/admin/people": ("explainer.server.admin_people.list_people", X, {}),
}


def test_a_page_that_fails_tells_nobody_of_whom_it_was(desk, people, ids, engine, spans, logged, monkeypatch):
    def fail(*_, **__):
        try:
            raise LookupError(f"{USER} {COMMENT}")
        except LookupError as error:
            raise ValueError(f"{USER}: {COMMENT}") from error

    for path, (broken, role, query) in BREAKS.items():
        with monkeypatch.context() as patched:
            patched.setattr(broken, fail)
            for headers in ({}, HTMX):
                answer = people[role].see(path.format(review="any"), headers, **query)
                assert answer.status_code == 500, (path, answer.status_code)
                told = answer.text.lower().replace(f"{role.value}-{CANARY}", "")  # who has signed in
                assert CANARY not in told.replace(f"user={USER}", ""), path
    silent(desk, engine, spans, logged)


def test_a_problem_tells_nobody_more_than_they_have_said(desk, people, ids):
    """Whoever guesses ids or leaves fields empty learns of nobody's values from what they are told is wrong."""
    start = len(desk.answers)
    customer(people[X], [QUERY, QUERY])
    for one in (people[R], people[U], people[X]):
        one.see(f"/support/explanations/{ids[0]}")
        one.see("/review/unknown")
        one.see("/audit/explanations/unknown")
    said = (USER, COMMENT, QUERY, BEHAVIOUR.format(n=2), BEHAVIOUR.format(n=3), "admin-canary", "reviewer-canary")
    refused = [answer for answer in desk.answers[start:] if answer.status_code >= 400]
    assert len(refused) > 10
    for answer in refused:
        told = answer.text.lower()
        for one in (*said, "auditor-canary"):
            told = told.replace(one, "")
        assert CANARY not in told, (str(answer.url), told)


def test_what_is_sensitive_is_masked_for_support_on_every_page(desk, people, ids, database):
    """A title of something private is on no page of support's before a case begins, nor an id of what was done."""
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id.in_(ITEMS)).values(private="religion", title=TITLE))
    start = len(desk.answers)
    one = people[S]
    one.see("/", user=USER)
    one.see("/support", user=USER)
    for key in ids:
        one.see(f"/support/explanations/{key}")
        one.see(f"/explanations/{key}/waterfall.svg")
    for name in (*ITEMS, MASK):
        one.see("/preview", HTMX, user=USER, without=name)
    for answer in desk.answers[start:]:
        told = answer.text.lower()
        assert TITLE.lower() not in told, answer.url
        assert not re.search("canary-behaviour-[0-9]", told.replace("without=canary", "")), answer.url


def test_a_better_text_that_comes_later_is_made_of_slots_and_leaves_no_trace(
    desk, spoken, database, engine, spans, logged
):
    live(desk)
    with database.session() as session:
        session.query(DraftRow).delete()
    asked = desk.ask(A, "POST", "/v1/explanations", {"user": USER, "k": 3, "locale": "en"}, Prefer="wait=0")
    for one in asked.json()["explanations"]:
        desk.ask(A, "GET", f"/v1/explanations/{one['id']}/events")  # ends with the better text
    with database.session() as session:
        assert session.scalars(select(UpgradeRow).where(UpgradeRow.state == DONE)).all()
        assert CANARY not in str(session.execute(select(*DraftRow.__table__.columns)).all())
        assert CANARY not in str(session.execute(select(*AuditEntryRow.__table__.columns)).all())
        assert session.scalars(select(BehaviourRow).where(BehaviourRow.user_id == USER)).all()
    assert engine.prompts
    silent(desk, engine, spans, logged)
