"""What the shop's staff do stands on record under an id: told apart for good, and nobody's once they are removed."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, inspect, select, text, update

from explainer.access import Caller, Role
from explainer.access.keys import create_key
from explainer.access.people import add_person, remove_person
from explainer.audit.check import Trouble
from explainer.audit.log import digest_of
from explainer.audit.staff import on_record
from explainer.errors import AccessError, NotFoundError
from explainer.registry.prompts import PromptRegistry
from explainer.server.audit_report import report_file
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.month.calendar import Month
from explainer.service.month.report import monthly_report
from explainer.service.review_files import export
from explainer.service.reviews import Judgement, decide
from explainer.service.staff import let_go
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.export import note_export
from explainer.service.suppress import suppress
from explainer.service.views import list_views, note_view
from explainer.storage.access_tables import StaffRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import FeedbackRow
from explainer.storage.reading_tables import ReviewRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import CorpusRow, ErasureRow
from explainer.storage.version_tables import RegistryChangeRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import CUSTOMER, Style
from tests.integration.commands import run
from tests.integration.staff import checked, staff_of

PASSWORD = "three green kettles"
NAME, OTHER = "Quuxine Ábel", "Bob the Second"
WHO_DID = (
    ViewRow.viewer, ReviewRow.decided_by, SuppressionRow.by, FeedbackRow.given_by, RegistryChangeRow.by, ErasureRow.by,
    CorpusRow.made_by,
)  # fmt: skip


@pytest.fixture
def busy(explainer, database, tmp_path):
    """Somebody has done all that is kept with who did it; somebody else has looked, too."""
    with database.session() as session:
        add_person(session, NAME, Role.ADMIN, PASSWORD)
        add_person(session, OTHER, Role.SUPPORT, PASSWORD)
    one, two, *_ = explainer.explain_top("u1", 4)
    gone = explainer.explain_top("u5", 1)
    assert gone
    for name in (NAME, OTHER):
        with database.session() as session:
            note_view(session, Caller(name, Role.ADMIN, frozenset()), "u1", "explanation", one.id)
    give_feedback(database, one.id, FeedbackKind.WRONG, "", NAME)
    with database.session() as session:
        review = session.scalars(select(ReviewRow.id)).one()
    decide(database, review, Judgement.STILTED, "", NAME)
    suppress(database, two.id, "Too long.", NAME)
    disk = PromptLibrary()
    PromptRegistry(database, disk, disk, NAME).promote(disk.version(Style("en", CUSTOMER)), Style("en", CUSTOMER))
    erase(database, Erasing.unlisted(), "u5", NAME)
    with database.session() as session:
        note_export(session, "u1", NAME)
    export(database, tmp_path / "good.jsonl", tmp_path / "rejected.jsonl", NAME)
    return database


def named_anywhere(database, name):
    """Return every column of every table that has the name in it."""
    with database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = {table: connection.execute(text(f'SELECT * FROM "{table}"')).mappings().all() for table in tables}
    return {f"{table}.{key}" for table, held in rows.items() for row in held for key in row if name in str(row[key])}


def id_of(database, name):
    with database.session() as session:
        return session.scalars(select(StaffRow.id).where(StaffRow.name == name)).one()


@pytest.mark.both
def test_names_stand_where_they_can_go_and_nowhere_else(busy):
    assert named_anywhere(busy, NAME) == {"people.name", "staff.name"}
    mine = id_of(busy, NAME)
    with busy.session() as session:
        for column in WHO_DID:
            assert mine in set(session.scalars(select(column))), column
    assert checked(busy) == []


@pytest.mark.both
def test_whoever_is_removed_is_found_nowhere_and_all_they_did_still_proves_itself(busy):
    mine, other = id_of(busy, NAME), id_of(busy, OTHER)
    assert let_go(busy, NAME) == {}
    assert named_anywhere(busy, NAME) == set()
    assert checked(busy) == []
    with busy.session() as session:
        views, _ = list_views(session, "u1", 10)
        assert {view.viewer for view in views} == {mine, OTHER}, "told apart from others, and nobody's"
        about = select(AuditEntryRow).where(AuditEntryRow.record_id == mine)
        named = session.scalars(about.order_by(AuditEntryRow.seq)).all()
        assert [one.event for one in named] == ["staff.noted", "staff.forgotten"]
        assert named[0].salt is None
        guess = {"id": mine, "name": NAME}
        assert digest_of(guess) != named[0].digest
    with busy.session() as session:
        add_person(session, NAME, Role.SUPPORT, PASSWORD)
        again = on_record(session, NAME)
    assert again not in {mine, other}, "somebody else of that name"
    assert checked(busy) == []


def test_the_bytes_of_the_name_are_gone_from_the_file(busy, tmp_path):
    place = busy.engine.url.database
    assert NAME.encode() in b"".join(path.read_bytes() for path in _files(place))
    let_go(busy, NAME)
    assert NAME.encode() not in b"".join(path.read_bytes() for path in _files(place))


def _files(place):
    from pathlib import Path

    return [path for path in Path(place).parent.glob(f"{Path(place).name}*") if path.is_file()]


@pytest.mark.both
@pytest.mark.parametrize(
    ("hand", "found"),
    [
        (update(StaffRow).where(StaffRow.name == NAME).values(name="Eve"), Trouble.ALTERED),
        (delete(StaffRow).where(StaffRow.name == NAME), Trouble.GONE),
    ],
)
def test_what_they_did_cannot_be_put_on_somebody_else(busy, hand, found):
    with busy.engine.begin() as connection:
        connection.execute(hand)
    assert checked(busy) == [(found, "staff.noted")]


@pytest.mark.both
def test_two_at_once_under_a_new_name_get_one_id(empty):
    ready, found = threading.Barrier(4), []

    def act():
        ready.wait()
        with empty.session() as session:
            found.append(on_record(session, "till"))

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == {id_of(empty, "till")}
    with empty.session() as session:
        assert session.scalars(select(AuditEntryRow.event)).all() == ["staff.noted"]


def test_what_did_not_happen_leaves_nobody_on_record(database):
    with pytest.raises(NotFoundError):
        give_feedback(database, "nothing", FeedbackKind.WRONG, "", NAME)
    assert named_anywhere(database, NAME) == set()


def test_a_name_that_could_be_taken_for_an_id_is_refused(empty):
    with empty.session() as session:
        with pytest.raises(AccessError, match="A name cannot begin with 'staff-'"):
            add_person(session, "staff-0011223344556677", Role.SUPPORT, PASSWORD)
        with pytest.raises(AccessError, match="A name cannot begin with 'staff-'"):
            create_key(session, "staff-till")


def test_a_key_and_the_command_line_are_forgotten_likewise(empty):
    with empty.session() as session:
        create_key(session, "till")
        for name in ("till", "command line (ada)"):
            on_record(session, name)
    with empty.session() as session:
        remove_person(session, "command line (ada)")
        remove_person(session, "till")
    assert named_anywhere(empty, "command line") == set()
    assert named_anywhere(empty, "till") == {"api_keys.name"}, "a key that still opens something has its name"
    with empty.session() as session, pytest.raises(NotFoundError):
        remove_person(session, "till")
    assert checked(empty) == []


def test_pages_answers_and_the_report_say_the_name_and_then_the_id(explainer, busy):
    with busy.session() as session:
        one = session.scalars(select(ViewRow.record_id)).first()
        two = session.scalars(select(SuppressionRow.explanation_id)).first()
    admin = staff_of(explainer, Role.ADMIN, f"/support/explanations/{two}", "ada")
    mine = id_of(busy, NAME)

    def told():
        with busy.session() as session:
            report = report_file(monthly_report(session, Month.at(now())), "en")
        return {
            "support": admin.see(f"/support/explanations/{two}").text,
            "audit": admin.see(f"/audit/explanations/{one}").text,
            "reviewed": admin.see("/review", queue="decided").text + _decided(admin, busy),
            "report": report,
        }

    try:
        before = told()
        let_go(busy, NAME)
        after = told()
    finally:
        admin.client.__exit__(None, None, None)
    for place, page in before.items():
        assert NAME in page, place
    for place, page in after.items():
        assert NAME not in page, place
        assert mine in page, place


def _decided(admin, database):
    with database.session() as session:
        review = session.scalars(select(ReviewRow.id)).one()
    return admin.see(f"/review/{review}").text


def test_people_list_says_under_which_id_each_is_on_record(busy, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", busy.url)
    monkeypatch.setenv("COLUMNS", "160")
    with busy.session() as session:
        key = on_record(session, "till")
    said = run(tmp_path, "people", "list").output
    for name in (NAME, OTHER):
        assert any(name in line and id_of(busy, name) in line for line in said.splitlines())
    assert any("till" in line and key in line and "a key" in line for line in said.splitlines())
