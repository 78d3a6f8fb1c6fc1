"""Erasing a person: nothing of theirs is left, the log stays whole, and a restored backup does not bring them back."""

from __future__ import annotations

import threading

import msgspec
import pytest
from sqlalchemy import select, update

from explainer.access import Role
from explainer.audit.check import Trouble, check_log
from explainer.audit.errors import VerificationError
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.errors import ConflictError, ErasureError
from explainer.pipeline import Explainer
from explainer.service.audited import KEPT
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.reapply import reapply
from explainer.service.subject.receipts import Receipt, check_receipt
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.base import Base
from explainer.storage.database import Database
from explainer.storage.erasing import held_counts
from explainer.storage.personal import HELD, IMPERSONAL
from explainer.storage.reading_tables import ViewRow
from tests.databases import ON_POSTGRESQL
from tests.integration.kept import kept
from tests.integration.tampering import tamper
from tests.integration.traces import USER, desk_of, live, send_behaviours

A, S, X, U = Role.APP, Role.SUPPORT, Role.ADMIN, Role.AUDITOR


@pytest.fixture
def erasing(tmp_path):
    key = ErasureKey.load(tmp_path / "outside" / "erasure.key")
    return Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key))


@pytest.fixture
def desk(explainer, erasing):
    with desk_of(explainer, erasing=erasing) as made:
        yield made


def checked(database):
    with database.session() as session:
        verify(stored_entries(session), [], StoredNodes(session))
        return check_log(session, KEPT)


def held(database, user=USER):
    with database.session() as session:
        return held_counts(session, user)


def delete_user(desk, user=USER, role=A):
    answer = desk.ask(role, "DELETE", f"/v1/users/{user}")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Receipt)


# What goes


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


# The log and the receipt


def test_the_log_is_whole_after_an_erasure_and_knows_what_was_erased(desk, database):
    live(desk)
    before = checked(database)
    assert before.sound
    delete_user(desk)
    found = checked(database)
    assert found.sound, found.findings
    assert found.erased > 10
    assert (found.records_gone, found.digests_wrong, found.erased_but_there) == (0, 0, 0)


def test_a_receipt_proves_the_erasure_to_anybody(desk, database):
    live(desk)
    receipt = delete_user(desk)
    check_receipt(receipt)
    assert receipt.refit == receipt.proof.record["training"] != []
    assert receipt.cleared is not ON_POSTGRESQL  # there a thread does it, for it may take minutes
    proof = receipt.proof
    forged = [
        replace_in(receipt, counts={"behaviours": 0}),
        replace_in(receipt, code="0" * 64),
        replace_in(receipt, proof=replace_in(proof, record=proof.record | {"counts": {}})),
        replace_in(receipt, proof=replace_in(proof, salt="00" * 16)),
        replace_in(receipt, proof=replace_in(proof, digest="0" * 64)),
        replace_in(receipt, proof=replace_in(proof, seq=proof.seq - 1)),
        replace_in(receipt, proof=replace_in(proof, size=proof.size + 1)),
        replace_in(receipt, proof=replace_in(proof, hashes=proof.hashes[:-1])),
        replace_in(receipt, proof=replace_in(proof, hashes=["!"])),
        replace_in(receipt, proof=replace_in(proof, event="erasure.undone")),
    ]
    for one in forged:
        with pytest.raises(VerificationError):
            check_receipt(one)


def replace_in(struct, **changes):
    return msgspec.structs.replace(struct, **changes)


def test_a_second_time_changes_nothing_and_has_the_same_receipt(desk, database):
    live(desk)
    first = delete_user(desk)
    entries = checked(database).entries
    again = delete_user(desk, role=X)
    assert (again.id, again.counts, again.proof.seq) == (first.id, first.counts, first.proof.seq)
    check_receipt(again)
    assert checked(database).entries == entries


def test_somebody_of_whom_nothing_is_held_gets_a_receipt_too(desk, database):
    receipt = delete_user(desk, "never-met")
    assert (receipt.counts, receipt.refit) == ({}, [])
    check_receipt(receipt)
    assert checked(database).sound


def test_the_code_cannot_be_guessed_without_the_key(desk, database, erasing):
    receipt = delete_user(desk)
    assert receipt.code == erasing.key.code(USER)
    assert ErasureKey.new().code(USER) != receipt.code


PLAIN = {
    "a record and its salt": (
        "DELETE FROM evidence WHERE explanation_id = '{id}'",
        "DELETE FROM counterfactuals WHERE explanation_id = '{id}'",
        "DELETE FROM explanations WHERE id = '{id}'",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
    ),
    "a salt alone": ("DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",),
    "a number put onto an erasure's list": (
        "DELETE FROM evidence WHERE explanation_id = '{id}'",
        "DELETE FROM counterfactuals WHERE explanation_id = '{id}'",
        "DELETE FROM explanations WHERE id = '{id}'",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
        "UPDATE erasures SET entries = '[[1, 9999]]'",
    ),
    "an erasure's record": ("DELETE FROM erasures",),
    "an erasure's salt": (
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE event = 'erasure.done')",
    ),
    "another erasure's record beside": (
        "INSERT INTO erasures SELECT 'x', code, 'x', requested_at, ended_at, counts, '[[1, 9999]]', '[]' FROM erasures",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
    ),
}


@pytest.mark.parametrize("statements", PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_deletion_is_not_hidden_by_an_erasure(desk, explainer, database, statements):
    live(desk)
    (row,) = explainer.explain_top("u1", 1)
    delete_user(desk)
    assert checked(database).sound
    columns = "INSERT INTO erasures (id, code, erased_by, requested_at, ended_at, counts, entries, training) SELECT"
    told = (one.replace("INSERT INTO erasures SELECT", columns).format(id=row.id) for one in statements)
    tamper(database, *told)
    assert not checked(database).sound


def test_an_erased_record_that_is_there_all_the_same_is_found(desk, database, dataset):
    live(desk)
    with database.session() as session:
        view = session.scalars(select(ViewRow).where(ViewRow.subject == USER)).first()
    delete_user(desk)
    with database.engine.begin() as connection:
        connection.execute(update(ViewRow).where(ViewRow.id == view.id).values(subject=USER))
    found = checked(database)
    assert [(one.what, one.record_id) for one in found.findings] == [(Trouble.RETURNED, view.id)]


def test_an_erasure_that_nobody_asked_for_outside_the_database_is_found(desk, explainer, database, erasing):
    explainer.explain_top("u1", 1)
    delete_user(desk)
    forged = erase(database, Erasing.unlisted(), "u1", "insider")
    with database.session() as session:
        assert check_log(session, KEPT).sound  # all of it fits together
        found = check_log(session, KEPT, listed=erasing.listed())
    assert [(one.what, one.record_id) for one in found.findings] == [(Trouble.UNLISTED, forged.id)]
    assert desk.ask(U, "GET", "/v1/audit/status").json()["erasures_unlisted"] == 1


# Backups


def test_a_restored_backup_does_not_bring_anybody_back(desk, database, erasing, make_database, tmp_path):
    live(desk)
    database.engine.dispose()
    restored = make_database("backup", database.url)
    receipt = delete_user(desk)
    assert held(restored) != {}
    (again,) = reapply(restored, erasing)
    assert (again.id, again.code) == (receipt.id, receipt.code)
    check_receipt(again)
    assert held(restored) == {}
    found = checked(restored)
    assert found.sound, found.findings
    assert not any(b"canary" in held_there for held_there in kept(restored, tmp_path).values())
    assert reapply(restored, erasing) == []
    assert reapply(database, erasing) == []


def test_who_comes_back_after_an_erasure_is_left_alone(desk, database, erasing):
    live(desk)
    delete_user(desk)
    send_behaviours(desk)
    assert reapply(database, erasing) == []
    assert held(database)["behaviours"] == 6


def test_an_erasure_that_was_cut_short_is_carried_out_at_the_next_start(desk, database, erasing, monkeypatch):
    from explainer.service.subject import erase as module

    live(desk)

    def cut(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(module, "carry_out", cut)
    with pytest.raises(RuntimeError):
        erase(database, erasing, USER, "test")
    monkeypatch.undo()
    assert held(database) != {}
    (receipt,) = reapply(database, erasing)
    assert receipt.counts["behaviours"] == 6
    assert held(database) == {}


def test_nobody_is_erased_who_cannot_be_listed(desk, database, erasing):
    live(desk)
    erasing.list.path.parent.mkdir(exist_ok=True)
    erasing.list.path.mkdir()
    answer = desk.ask(A, "DELETE", f"/v1/users/{USER}")
    assert answer.status_code == 500
    assert held(database) != {}


def test_a_list_that_was_altered_or_is_anothers_is_refused(desk, database, erasing):
    delete_user(desk)
    path = erasing.list.path
    good = path.read_bytes()
    for bad in (good.replace(b'"code":"', b'"code":"0'), good + b"rubbish\n", b"\xff\xfe\n", good[:-20]):
        path.write_bytes(bad)
        with pytest.raises(ErasureError, match="line"):
            reapply(database, erasing)
    path.write_bytes(good)
    key = ErasureKey.new()
    with pytest.raises(ErasureError, match="key"):
        reapply(database, Erasing(key, ErasureList(path, key)))
    assert USER.encode() not in good


def test_the_key_is_for_its_owner_alone_and_many_who_make_it_make_one(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "keys" / "erasure.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: ErasureKey.load(path), range(16)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == ["erasure.key"]
    path.write_text("no key")
    with pytest.raises(ErasureError, match="EXPLAINER_ERASURE_KEY"):
        ErasureKey.load(path)
