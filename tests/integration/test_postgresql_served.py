"""The same service on a real PostgreSQL: requests at once, keys, looks, months and packages."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from litestar.testing import TestClient
from sqlalchemy import create_engine, make_url, select, text

from explainer.access import Caller, Role, Scope
from explainer.access.keys import create_key, find_key, revoke_key
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.log import proves
from explainer.audit.notes import Signer
from explainer.errors import BusyError
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.service.package.check import check_package
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.service.views import Looker
from explainer.storage import catalogue
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow, PromiseRow
from explainer.storage.explanations import get_explanation
from explainer.storage.listing import Search
from explainer.storage.standing import versions_of
from explainer.view import record_of
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport
from tests.databases import number_of
from tests.integration.months import check_october, counted
from tests.integration.months import seed as seed_month
from tests.integration.problems import problem_of

END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
pytestmark = pytest.mark.on_postgresql


def test_records_prove_themselves_after_the_round_trip(explainer, database):
    rows = explainer.explain_top("u3", 3) + explainer.explain_top("nobody ever heard of", 2)
    with database.session() as session:
        created = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        entries = {entry.record_id: entry for entry in session.scalars(created)}
        for row in rows:
            stored = get_explanation(session, row.id)
            assert record_of(stored) == record_of(row)
            assert proves(entries[row.id], record_of(stored))
            assert stored.created_at == row.created_at
            assert stored.created_at.utcoffset().total_seconds() == 0


def test_it_says_the_same_as_on_sqlite(explainer, dataset, model, tmp_path):
    other = Database(f"sqlite:///{tmp_path}/same.db")
    other.migrate()
    with other.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)
    on_sqlite = Explainer(other, model, Writer(PromptLibrary(), load_vocabulary))

    def told(row):
        # What was asked holds the second it was asked in.
        return {k: v for k, v in record_of(row).items() if k not in {"id", "created_at", "asked"}}

    for user in ("u1", "u2", "stranger"):
        assert [told(r) for r in explainer.explain_top(user, 3)] == [told(r) for r in on_sqlite.explain_top(user, 3)]
    other.engine.dispose()


@pytest.fixture
def client(explainer, database):
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(explainer, queue=16)) as made:
        made.headers["X-API-Key"] = key
        yield made


def post(client, key, body=None):
    return client.post("/v1/explanations", json=body or {"user": "u1", "k": 2}, headers={"Idempotency-Key": key})


def test_many_at_once_under_one_key_make_one_thing(client, database):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(client, "k1"), range(24)))
    assert {a.status_code for a in answers} <= {201, 503}
    assert all("retry-after" in a.headers for a in answers if a.status_code == 503)
    assert len({a.text for a in answers if a.status_code == 201}) == 1
    assert number_of(database, ExplanationRow) == 2
    assert number_of(database, PromiseRow) == 1
    problem_of(post(client, "k1", {"user": "u2", "k": 2}), 409)


def test_many_at_once_are_all_stored_with_evidence_and_entry(client, database):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: post(client, f"k{n}", {"user": f"u{n}", "k": 1}), range(48)))
    assert Counter(a.status_code for a in answers) == {201: 48}
    made = [e for a in answers for e in a.json()["explanations"]]
    assert number_of(database, ExplanationRow) == 48
    entries = 48 + number_of(database, CounterfactualRow) + 1  # and that of the key
    assert number_of(database, AuditEntryRow) == entries
    assert number_of(database, EvidenceRow) == sum(len(e["evidence"]) for e in made)


def test_pages_and_single_ones_are_read(client):
    for user in ("u1", "u2", "u3"):
        client.post("/v1/explanations", json={"user": user, "k": 3})
    seen, cursor = [], None
    while True:
        params = {"limit": 4, **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/explanations", params=params).json()
        seen += page["explanations"]
        if (cursor := page["next"]) is None:
            break
    assert len({e["id"] for e in seen}) == 9
    assert [e["created_at"] for e in seen] == sorted((e["created_at"] for e in seen), reverse=True)
    assert client.get(f"/v1/explanations/{seen[0]['id']}").json() == seen[0]
    problem_of(client.get("/v1/explanations/none"), 404)


def test_a_value_that_postgresql_cannot_hold_is_a_problem_of_the_request(client, database):
    for answer in (
        client.post("/v1/explanations", json={"user": "a\x00b", "k": 1}),
        client.get("/v1/explanations", params={"user": "a\x00b"}),
    ):
        assert "cannot hold" in problem_of(answer, 400)
    problem_of(client.get("/v1/explanations/a%00b"), 404)
    assert number_of(database, ExplanationRow) == 0


def test_keys_are_known_by_what_they_may_and_until_when(database):
    with database.session() as session:
        narrow = create_key(session, "narrow", scopes=["explanations:read"], lifetime=timedelta(days=1))
        gone = create_key(session, "gone")
    for _ in range(2):  # the second time the statement is prepared already
        with database.look() as reader:
            caller = find_key(reader, narrow)
            assert (caller.name, caller.role, caller.scopes) == ("narrow", Role.APP, {Scope.READ})
            assert timedelta(hours=23) < caller.expires_at - now() <= timedelta(days=1)
            assert find_key(reader, narrow, now() + timedelta(days=2)) is None
            assert find_key(reader, "rb_no-key") is find_key(reader, "\x00") is None
            assert find_key(reader, gone).name == "gone"
    with database.session() as session:
        revoke_key(session, "gone")
    with database.look() as reader:
        assert find_key(reader, gone) is None


def test_a_look_outlives_lost_connections_and_altered_tables(database, postgresql, explainer):
    one = explainer.explain_top("u1", 1)[0].id

    def looked():
        with database.look() as reader:
            return versions_of(reader, [one, "gone", "\x00"])

    version = looked()
    postgresql.command(END, name=make_url(database.url).database)
    with pytest.raises(BusyError):
        looked()
    assert looked() == version
    assert set(version) == {one}
    with create_engine(database.url).begin() as connection:
        connection.execute(text("ALTER TABLE upgrades ALTER COLUMN state TYPE text"))
    assert looked() == version, "what was prepared does not fit any more, and is prepared anew"


def test_a_month_is_counted_as_on_sqlite(explainer, database):
    seed_month(database, explainer.explain_top("u1", 8))
    check_october(counted(database))


def test_a_package_proves_itself(explainer, database, tmp_path):
    explainer.explain_top("u1", 4)
    signer = Signer("shop", bytes(range(32)))
    packer = Packer(CheckpointFolder(tmp_path / "elsewhere"), signer, tmp_path / "scratch")
    looker = Looker(Caller("ada", Role.AUDITOR, frozenset()))
    write_package(database, packer, Wanted(Search(user="u1"), "s", 3), looker, tmp_path / "out")
    found = check_package(tmp_path / "out", signer.verifier)
    assert (found.manifest.explanations, found.made, found.unsalted) == (3, 4, 0)
