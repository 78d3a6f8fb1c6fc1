"""What is held of a person goes, in every table, byte and process, and nothing of anybody else."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from explainer.access import Caller, Role
from explainer.access.people import add_person
from explainer.access.sign_ins import set_purpose, sign_in, signed_in
from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.scratch import ScratchFolder
from explainer.service.subject.erase import Erasing, erase
from explainer.service.views import Looker, note_look
from explainer.settings import Settings
from explainer.storage.access_tables import PersonRow
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.base import Base
from explainer.storage.database import Database
from explainer.storage.personal import HELD, IMPERSONAL
from explainer.storage.reading_tables import ViewRow
from tests.databases import ON_POSTGRESQL
from tests.integration.erasure.acting import A, S, X, delete_user, held
from tests.integration.kept import kept
from tests.integration.leftovers import leave_the_rest
from tests.integration.traces import PURPOSE, TICKET, USER, desk_of, live


def test_every_table_is_known_to_hold_something_of_people_or_nothing():
    of_people = {one.table for one in HELD}
    assert of_people | set(IMPERSONAL) == {mapper.class_ for mapper in Base.registry.mappers}
    assert not of_people & set(IMPERSONAL)


COLUMNS = {
    "datasets": "name domain value_low value_high cleaning_report ingested_at judgements",
    "items": "id position title year aspects text phrases creator changed_at private judged_by",
    "prompt_versions": "version locale audience templates created_at",
    "model_versions": "version kind name details created_at",
    "adapters": "version name locale folder base_hash card label created_at changed_at",
    "registry_changes": "id kind scope number action version other percent split at changed_by",
    "drafts": "key draft failures tries created_at",
    "audit_entries": "seq event record_id digest at leaf",
    "audit_nodes": "level place hash",
    "api_keys": "prefix name digest created_at role scopes expires_at",
    "people": "id name role password created_at disabled failures locked_until",
    "staff": "id name",
    "rates": "bucket window used",
    "secrets": "name value created_at",
    "corpora": "id sha256 kind file lines made_by made_at",
    "erasures": "id code erased_by requested_at ended_at counts entries training corpora lines adapters",
    "retentions": "id at counts entries kind before seal",
    "starts": "id at settings release recommender writer place",
    "processes": "id role place does release recommender writer started_at seen_at trouble signer checkpoints",
    "sign_ins": "digest person csrf ticket purpose created_at expires_at",
    "views": "id viewer role subject what record_id ticket purpose unmasked at",
}
"""Every column that outlives an erasure."""


def test_every_column_that_stays_was_thought_of():
    """Whoever adds one says here that it holds nothing of any customer, or moves it to where it is erased."""
    staying = [*IMPERSONAL, *(one.table for one in HELD if one.emptied)]
    found = {table.__tablename__: {column.name for column in table.__table__.columns} for table in staying}
    assert found == {name: set(columns.split()) for name, columns in COLUMNS.items()}


@pytest.fixture
def training(tmp_path_factory):
    return tmp_path_factory.mktemp("training")


def test_everything_about_a_person_goes_and_nothing_of_anybody_else(desk, database, training):
    others = held(database, "u1")
    leave_the_rest(database, live(desk), training)
    with database.session() as session:
        add_person(session, "sue", S, "three green kettles")
        session.flush()
        token = sign_in(session, session.get_one(PersonRow, "sue"))
        session.flush()
        set_purpose(session, token, TICKET, PURPOSE)
    before = held(database)
    assert before.keys() == {one.name for one in HELD}, "somebody of whom everything is held that can be"
    receipt = delete_user(desk)
    assert receipt.counts == before
    assert held(database) == {}
    assert held(database, "u1") == others


def test_no_string_of_theirs_is_left_in_any_byte_of_the_database_or_the_home(
    desk, database, training, tmp_path, capfd, caplog
):
    leave_the_rest(database, live(desk), training)
    before = kept(database, tmp_path)
    assert any(b"canary" in held_there for held_there in before.values())  # the search can find something
    delete_user(desk)
    assert [name for name, held_there in kept(database, tmp_path).items() if b"canary" in held_there] == []
    files = {"test.db", "test.db-wal", "test.db-shm"}
    assert before.keys() >= (Base.metadata.tables.keys() if ON_POSTGRESQL else files)
    said = capfd.readouterr()
    assert "canary" not in said.out + said.err + "\n".join(
        r.getMessage() for r in caplog.records if "httpx" not in r.name
    )


def test_salts_of_what_was_there_once_go_too(desk, database):
    live(desk)
    with database.session() as session:
        about = set(session.scalars(select(AuditSubjectRow.seq).where(AuditSubjectRow.subject == USER)))
        events = set(session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.seq.in_(about))))
    assert events >= {
        *("behaviours.stored", "explanation.created", "counterfactual.found", "feedback.given", "review.opened"),
        *("review.decided", "record.viewed", "explanation.suppressed", "tag.deleted", "tag.restored"),
        *("behaviour.excluded", "behaviour.included", "settings.changed"),
    }
    delete_user(desk)
    with database.session() as session:
        assert not about & set(session.scalars(select(AuditSaltRow.seq)))


def test_that_somebody_looked_stays_but_not_at_whom(desk, database):
    live(desk)
    delete_user(desk)
    with database.session() as session:
        views = session.scalars(select(ViewRow)).all()
    assert {view.role for view in views} >= {"support", "auditor", "reviewer"}
    assert {(view.subject, view.ticket, view.purpose) for view in views} == {("", "", "")}


def test_a_support_agents_case_ends_with_the_customer_and_so_does_one_that_may_be_theirs(explainer, desk, database):
    live(desk)
    cases = {"sue": PURPOSE, "tom": "Another case altogether.", "uma": f"{USER} writes that"}
    with database.session() as session:
        tokens = {}
        for name, purpose in cases.items():
            add_person(session, name, S, "three green kettles")
            session.flush()
            tokens[name] = sign_in(session, session.get_one(PersonRow, name))
            session.flush()
            set_purpose(session, tokens[name], TICKET, purpose)
        tom = Looker(Caller("tom", S, frozenset(), None), TICKET, cases["tom"])
        note_look(session, tom, "u1", "explanation")  # uma has not looked at anybody yet
    delete_user(desk)
    with database.session() as session:
        left = {name: signed_in(session, token) for name, token in tokens.items()}
        assert {name: (at.ticket, at.purpose) for name, at in left.items()} == {
            "sue": ("", ""),
            "tom": (TICKET, cases["tom"]),
            "uma": ("", ""),
        }


def test_no_process_answers_from_what_it_remembers(desk, explainer, model, erasing):
    ids = live(desk)
    other = Explainer(Database(explainer.database.url), model, explainer.writer)
    with desk_of(other, erasing=erasing) as elsewhere:
        for one in ids[:2]:
            assert elsewhere.ask(A, "GET", f"/v1/explanations/{one}").status_code == 200
            assert elsewhere.ask(A, "GET", f"/v1/explanations/{one}").status_code == 200  # from memory by now
        delete_user(elsewhere, role=X)
        for place in (elsewhere, desk):
            if place is desk:
                with explainer.database.session() as session:
                    from explainer.access.keys import create_key

                    place.keys = {role: create_key(session, f"new {role.value}", role) for role in Role}
            for one in ids:
                for end in ("", "/counterfactual", "/replay", "/events"):
                    answer = place.ask(X, "GET", f"/v1/explanations/{one}{end}")
                    assert answer.status_code == 404, (end, answer.text)
            assert place.ask(A, "GET", f"/v1/users/{USER}/behaviours").json()["behaviours"] == []
    other.database.engine.dispose()


def test_what_is_made_of_erased_behaviours_is_not_stored(explainer, database, erasing, monkeypatch):
    waiting, go_on = threading.Event(), threading.Event()
    keep = explainer.keeper.keep

    def late(*args, **kwargs):
        waiting.set()
        assert go_on.wait(20)
        return keep(*args, **kwargs)

    monkeypatch.setattr(explainer.keeper, "keep", late)
    failed = []

    def explain():
        with pytest.raises(ConflictError, match="erased") as error:
            explainer.explain_top("u1", 2)
        failed.append(error)

    thread = threading.Thread(target=explain)
    thread.start()
    assert waiting.wait(20)
    erase(database, erasing, "u1", "test")
    go_on.set()
    thread.join(20)
    assert failed
    assert held(database, "u1") == {}


def test_what_a_killed_process_left_while_it_was_packing_goes_with_an_erasure(desk, database, erasing, tmp_path):
    live(desk)
    left = tmp_path / "scratch" / "package-left"
    left.mkdir(parents=True)
    (left / "records.jsonl").write_text("canary")
    with ScratchFolder(tmp_path / "scratch", "package") as at_work:
        erase(database, replace(erasing, scratch=tmp_path / "scratch"), USER, "test")
        assert not left.exists()
        assert at_work.path.exists()
    assert Erasing.of(Settings(_env_file=None, home=tmp_path)).scratch == tmp_path / "scratch"


def test_vectors_and_weights_are_of_items_alone(model, dataset, tmp_path):
    model.save(tmp_path / "models")
    users = {f"u{n}".encode() for n in range(100, 120)} & {b.user.encode() for b in dataset.behaviours}
    names = {behaviour.id.encode() for behaviour in dataset.behaviours}
    files = [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
    assert files
    for path in files:
        held_there = path.read_bytes()
        assert not [name for name in names if name in held_there], path
        assert not [user for user in users if b'"' + user + b'"' in held_there], path
