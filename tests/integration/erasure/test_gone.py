"""What is held of a person goes, in every table, byte and process, and nothing of anybody else."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from explainer.access import Role
from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.scratch import ScratchFolder
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.base import Base
from explainer.storage.database import Database
from explainer.storage.personal import HELD, IMPERSONAL
from explainer.storage.reading_tables import ViewRow
from tests.databases import ON_POSTGRESQL
from tests.integration.erasure.acting import A, S, X, delete_user, held
from tests.integration.kept import kept
from tests.integration.traces import USER, desk_of, live


def test_every_table_is_known_to_hold_something_of_people_or_nothing():
    of_people = {one.table for one in HELD}
    assert of_people | set(IMPERSONAL) == {mapper.class_ for mapper in Base.registry.mappers}
    assert not of_people & set(IMPERSONAL)


def test_everything_about_a_person_goes_and_nothing_of_anybody_else(desk, database):
    others = held(database, "u1")
    live(desk)
    before = held(database)
    assert before.keys() >= {
        *("behaviours", "promises", "evidence", "counterfactuals", "suppressions", "feedback", "reviews"),
        *("explanations", "hidden_aspects", "exclusions", "user_settings", "views", "audit_salts", "audit_subjects"),
    }
    receipt = delete_user(desk)
    assert receipt.counts == before
    assert held(database) == {}
    assert held(database, "u1") == others


def test_no_string_of_theirs_is_left_in_any_byte_of_the_database_or_the_home(desk, database, tmp_path, capfd, caplog):
    live(desk)
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


def test_a_support_agents_case_ends_with_the_customer(explainer, desk, database):
    from explainer.access.people import add_person
    from explainer.access.sign_ins import set_purpose, sign_in, signed_in
    from explainer.storage.access_tables import PersonRow
    from tests.integration.traces import PURPOSE, TICKET

    live(desk)
    with database.session() as session:
        tokens = {}
        for name, purpose in (("sue", PURPOSE), ("tom", "Another case altogether.")):
            add_person(session, name, S, "three green kettles")
            session.flush()
            tokens[name] = sign_in(session, session.get_one(PersonRow, name))
            session.flush()
            set_purpose(session, tokens[name], TICKET, purpose)
    delete_user(desk)
    with database.session() as session:
        assert (signed_in(session, tokens["sue"]).ticket, signed_in(session, tokens["sue"]).purpose) == ("", "")
        assert signed_in(session, tokens["tom"]).purpose == "Another case altogether."


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
