"""Personal words go through every path, and are found in no log, span, metric, prompt, draft or audit entry."""

from __future__ import annotations

import logging
import re

import pytest
from click.testing import CliRunner
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from sqlalchemy import select

from explainer.access import Role
from explainer.access.people import add_person
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.cli import main
from explainer.pipeline import Explainer
from explainer.service.presence import API, Presence
from explainer.service.starts import note_start
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.service.subject.listed import ErasureList
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.personal import IMPERSONAL
from explainer.storage.removal_tables import RetentionRow
from explainer.storage.version_tables import AdapterRow, RegistryChangeRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.leftovers import leave_the_rest
from tests.integration.overheard import Recording, told_of
from tests.integration.traces import BEHAVIOUR, COMMENT, HEADER, ITEMS, KEY, PURPOSE, QUERY, TICKET, USER, desk_of, live

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
CANARY = "canary"


@pytest.fixture
def engine():
    return Recording()


@pytest.fixture
def spoken(explainer, database, engine):
    return Explainer(
        database, explainer.model, Writer(PromptLibrary(), load_vocabulary, engine, SqlDraftCache(database))
    )


@pytest.fixture
def desk(spoken, spans, tmp_path, logged):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    key = ErasureKey.new()
    erasing = Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key))
    with desk_of(spoken, tracer=provider.get_tracer("test"), erasing=erasing) as made:
        yield made


def bad(desk, ids):
    """Send what cannot be answered, with the canary in every place where something can be sent."""
    users, one = f"/v1/users/{USER}", f"/v1/explanations/{ids[0]}"
    sent = [
        (A, "GET", f"/v1/explanations/{USER}", None),
        (A, "GET", f"/v1/explanations?user={USER}&cursor={QUERY}&limit=x{QUERY}", None),
        (A, "GET", f"/{QUERY}/{USER}", None),
        (A, "POST", "/v1/explanations", {"user": USER, "k": COMMENT}),
        (A, "POST", "/v1/explanations", {"user": USER, "items": [QUERY]}),
        (A, "POST", "/v1/explanations", {"user": USER, "k": 2, COMMENT: 1}),
        (A, "POST", f"{one}/feedback", {"kind": COMMENT, "comment": COMMENT}),
        (A, "POST", f"{one}/feedback", {"kind": "wrong", "comment": COMMENT * 1000}),
        (A, "POST", "/v1/behaviours", {"behaviours": [{"user": USER, "item": QUERY, "kind": COMMENT}]}),
        (A, "POST", "/v1/behaviours", {"behaviours": [{"user": "other", "item": "i17", "kind": "view", "id": "x"}]}),
        (A, "POST", f"{users}/exclusions", {"behaviours": [QUERY]}),
        (A, "DELETE", f"{users}/tags/{QUERY}", None),
        (A, "PUT", f"{users}/tags/{QUERY}", None),
        (A, "PUT", f"{users}/settings", {"personalised": COMMENT}),
        (A, "GET", f"/v1/why-not?user={USER}&item={QUERY}", None),
        (S, "POST", f"{one}/suppress", {"reason": COMMENT * 1000}),
        (R, "POST", f"/v1/reviews/{QUERY}/verdict", {"verdict": COMMENT, "note": COMMENT}),
        (U, "GET", f"/v1/audit/explanations/{USER}", None),
        (U, "GET", f"/v1/users/{USER}/views?cursor={QUERY}", None),
        (S, "DELETE", users, None),
        (S, "GET", f"{users}/export", None),
    ]
    for role, method, path, json_ in sent:
        answer = desk.ask(role, method, path, json_, X_Request_Id=f"{HEADER} {USER}", User_Agent=HEADER)
        assert answer.status_code in {200, 400, 403, 404, 409}, (path, answer.text)
    desk.client.post("/login", data={"name": USER, "password": COMMENT}, headers={"Referer": f"http://x/{USER}"})
    desk.client.get(f"/{USER}", headers={"Accept": "text/html", "Cookie": f"explainer_session={USER}"})


def broken(desk, monkeypatch):
    """Have the service fail in the midst of it, with the canary in what it fails with."""

    def fail(*_, **__):
        try:
            raise LookupError(f"{USER} {COMMENT}")
        except LookupError as error:
            raise ValueError(f"{USER}: {COMMENT}") from error

    with monkeypatch.context() as patched:
        patched.setattr(Explainer, "explain_top", fail)
        assert desk.ask(A, "POST", "/v1/explanations", {"user": USER, "k": 1}).status_code == 500
    monkeypatch.setattr("explainer.server.subjects.erase", fail)
    assert desk.ask(A, "DELETE", f"/v1/users/{USER}").status_code == 500


def test_no_personal_word_is_anywhere_but_in_the_tables_that_are_erased(
    desk, spoken, database, engine, spans, logged, tmp_path, monkeypatch
):
    ids = live(desk)
    spoken.explain_top(USER, 5)
    bad(desk, ids)
    metrics = desk.ask(U, "GET", "/metrics").text
    folder = CheckpointFolder(tmp_path / "checkpoints")
    sign_head(database, folder, Signer.new("test"))
    broken(desk, monkeypatch)
    monkeypatch.undo()
    desk.ask(A, "GET", f"/v1/users/{USER}/export")
    desk.ask(A, "DELETE", f"/v1/users/{USER}")
    text = logged()
    assert text.count("explainer.requests") > 30
    assert CANARY not in text
    assert engine.prompts
    assert CANARY not in "".join(engine.prompts)
    seen = list(told_of(spans))
    assert len(seen) > 100
    assert not [one for one in seen if CANARY in one]
    assert "explainer_" in metrics
    assert CANARY not in metrics + desk.ask(U, "GET", "/metrics").text
    for path in (*folder.folder.iterdir(), tmp_path / "erasures.jsonl"):
        assert CANARY.encode() not in path.read_bytes()


OPERATORS = {AdapterRow, RegistryChangeRow, RetentionRow}
"""Tables that only commands of the shop's staff fill, with no word of any request."""


def test_tables_that_are_never_erased_hold_no_personal_word(desk, spoken, database, tmp_path, tmp_path_factory):
    ids = live(desk)
    bad(desk, ids)
    spoken.explain_top(USER, 5)
    leave_the_rest(database, ids, tmp_path_factory.mktemp("training"))
    note_start(Settings(home=tmp_path), spoken)
    Presence(API).say(spoken)
    with database.session() as session:
        add_person(session, "sue", S, "three green kettles")
    assert desk.ask(A, "DELETE", f"/v1/users/{USER}").status_code == 200
    with database.session() as session:
        held = {table: session.execute(select(*table.__table__.columns)).all() for table in IMPERSONAL}
    assert {table for table, rows in held.items() if not rows} <= OPERATORS
    assert [table for table, rows in held.items() if CANARY in str(rows)] == []


def test_an_error_tells_nothing_of_what_somebody_is_or_did(desk, spoken):
    """Errors come into logs of clients and proxies; what there is to call instead has its own call."""
    live(desk)
    tags = spoken.tags.of(USER)
    users = f"/v1/users/{USER}"
    refused = [
        desk.ask(A, "DELETE", f"{users}/tags/jazz"),
        desk.ask(A, "PUT", f"{users}/tags/jazz"),
        desk.ask(A, "POST", f"{users}/exclusions", {"behaviours": [BEHAVIOUR.format(n=1), "jazz"]}),
        desk.ask(A, "POST", "/v1/explanations", {"user": USER, "item": ITEMS[0]}),
        desk.ask(A, "POST", "/v1/explanations", {"user": USER, "k": 1}, Idempotency_Key=KEY),
    ]
    told = [*(tag.tag for tag in tags.tags), *tags.deleted, *ITEMS, CANARY]
    assert len(told) > len(ITEMS) + 1
    for answer in refused:
        assert answer.status_code in {404, 409}
        assert not [word for word in told if word in answer.json()["detail"]], answer.text
    assert "/tags" in refused[0].json()["detail"]
    assert "/behaviours" in refused[2].json()["detail"]


def test_an_entry_is_about_an_id_that_nobody_can_be_told_by(desk, database):
    """Ids are random or hashes: none is a name, a user, a tag or a key's name."""
    live(desk)
    desk.ask(A, "DELETE", f"/v1/users/{USER}")
    from explainer.access.keys import create_key, revoke_key, rotate_key
    from explainer.access.people import disable, forget_person, set_password
    from explainer.access.sign_ins import set_purpose, sign_in
    from explainer.storage.access_tables import PersonRow

    with database.session() as session:
        add_person(session, f"{CANARY} sue", S, "three green kettles")
        token = sign_in(session, session.get_one(PersonRow, f"{CANARY} sue"))
        session.flush()
        set_purpose(session, token, TICKET, PURPOSE)
        set_password(session, f"{CANARY} sue", "three red kettles!")
        disable(session, f"{CANARY} sue")
        forget_person(session, f"{CANARY} sue")
        create_key(session, f"{CANARY} key")
        from datetime import timedelta

        rotate_key(session, f"{CANARY} key", timedelta(0))
        revoke_key(session, f"{CANARY} key")
    with database.session() as session:
        entries = session.scalars(select(AuditEntryRow)).all()
    assert len({entry.event for entry in entries}) > 15
    made_as = {"key": r"rb_.{7}", "staff": r"staff-[0-9a-f]{16}"}
    for entry in entries:
        own = made_as.get(entry.event.partition(".")[0], r"[0-9a-f-]{36}|[0-9a-f]{64}")
        assert re.fullmatch(own, entry.record_id), (entry.event, entry.record_id)


def test_what_one_person_is_answered_names_nobody_else(desk):
    """Whoever guesses ids learns of no other person's values from what they are told is wrong."""
    live(desk)
    start = len(desk.answers)
    stolen = BEHAVIOUR.format(n=2)
    rows = [{"id": stolen, "user": "u1", "item": "i17", "kind": "view"}]
    desk.ask(A, "POST", "/v1/behaviours", {"behaviours": rows})
    desk.ask(A, "POST", "/v1/users/u1/exclusions", {"behaviours": [stolen]})
    desk.ask(A, "POST", "/v1/explanations", {"user": "u1", "k": 1}, Idempotency_Key=KEY)
    for answer in desk.answers[start:]:
        told = answer.text.replace(stolen, "").replace(KEY, "")  # what they said themselves
        assert CANARY not in told, told


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "--user", USER, "--item", QUERY],
        ["tags", "delete", "--user", USER, QUERY],
        ["replay", QUERY],
        ["subject", "erase", USER, "--yes"],
        ["subject", "check", __file__],
    ],
    ids=" ".join,
)
def test_a_command_that_fails_logs_nothing_of_whom_it_was_about(database, tmp_path, command, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    monkeypatch.setenv("EXPLAINER_ERASURE_LIST", str(tmp_path))  # a folder: it cannot be written
    ended = CliRunner().invoke(main, ["--home", str(tmp_path), *command])
    assert ended.exit_code != 0
    assert "Traceback" not in ended.output
    assert CANARY not in caplog.text
