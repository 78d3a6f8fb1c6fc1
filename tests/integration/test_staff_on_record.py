"""The staff and the shop's keys: changed by hand they are found, and whoever is removed cannot be guessed any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from explainer.access import Role
from explainer.access.keys import create_key, revoke_key, rotate_key
from explainer.access.people import add_person, disable, forget_person, remove_person, set_password
from explainer.access.sign_ins import sign_in
from explainer.audit.check import Trouble
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.log import digest_of
from explainer.audit.notes import Signer
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.errors import NotFoundError
from explainer.storage.access_tables import ApiKeyRow, PersonRow, SignInRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.reading_tables import ViewRow
from tests.integration.commands import run
from tests.integration.staff import checked, staff_of

PASSWORD = "three green kettles"
SIGNER = Signer("shop", bytes(range(32)))


def by_hand(database, statement):
    with database.engine.begin() as connection:
        connection.execute(statement)


@pytest.fixture
def staffed(empty):
    """Ada may sign in, bob was shut out; a key was rotated and another is over."""
    with empty.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
        add_person(session, "bob", Role.ADMIN, PASSWORD)
        create_key(session, "shop", scopes=["docs:read"])
        create_key(session, "till")
    with empty.session() as session:
        sign_in(session, session.get_one(PersonRow, "ada"))
        set_password(session, "ada", "four green kettles")
        disable(session, "bob")
        rotate_key(session, "shop", timedelta(days=1))
        revoke_key(session, "till")
    assert checked(empty) == []
    return empty


PERSON, KEY = insert(PersonRow), insert(ApiKeyRow)
HANDS = {
    "a role": (update(PersonRow).where(PersonRow.name == "ada").values(role="admin"), Trouble.ALTERED, "person.added"),
    "a name": (update(PersonRow).where(PersonRow.name == "bob").values(name="eve"), Trouble.ALTERED, "person.added"),
    "let in again": (update(PersonRow).values(disabled=False), Trouble.ALTERED, "person.disabled"),
    "shut out": (
        update(PersonRow).where(PersonRow.name == "ada").values(disabled=True), Trouble.NO_ENTRY, "person.disabled",
    ),
    "a new person": (PERSON.values(id="x", name="eve", role="admin", password="x"), Trouble.NO_ENTRY, "person.added"),
    "a person less": (delete(PersonRow).where(PersonRow.name == "bob"), Trouble.GONE, "person.added"),
    "a key's role": (update(ApiKeyRow).values(role="admin"), Trouble.ALTERED, "key.created"),
    "a key's scopes": (update(ApiKeyRow).values(scopes=["users:erase"]), Trouble.ALTERED, "key.created"),
    "a new key": (KEY.values(prefix="rb_x", name="x", digest="x", role="admin"), Trouble.NO_ENTRY, "key.created"),
    "a key less": (delete(ApiKeyRow), Trouble.GONE, "key.created"),
}  # fmt: skip


@pytest.mark.both
@pytest.mark.parametrize("hand", HANDS)
def test_what_a_hand_changed_in_the_tables_is_found(staffed, hand):
    statement, what, event = HANDS[hand]
    by_hand(staffed, statement)
    assert (what, event) in checked(staffed)


@pytest.mark.both
def test_whoever_is_removed_cannot_be_guessed_from_the_log(staffed, tmp_path):
    with staffed.session() as session:
        mine = session.get_one(PersonRow, "ada").id
        key = session.scalars(select(ApiKeyRow.prefix)).first()
    with staffed.session() as session:
        remove_person(session, "ada")
        revoke_key(session, "shop")
    with staffed.session() as session:
        assert session.get(PersonRow, "ada") is None
        assert session.scalars(select(SignInRow)).all() == []
        about = session.scalars(select(AuditEntryRow).where(AuditEntryRow.record_id.in_([mine, key]))).all()
        assert {"person.added", "person.password", "person.signed_in", "key.created"} <= {one.event for one in about}
        for one in about:
            salt = b"" if one.salt is None else bytes.fromhex(one.salt.value)
            named = ({"name": "ada"}, {"name": "ada", "role": "support"}, {"name": "shop", "prefix": key})
            assert one.digest not in {digest_of(guess, salt) for guess in named}, one.event
            assert one.salt is None or one.event in {"person.removed", "key.revoked"}
    assert checked(staffed) == []
    folder = CheckpointFolder(tmp_path / "heads")
    sign_head(staffed, folder, SIGNER)
    with staffed.session() as session:
        assert verify(stored_entries(session), folder.read(SIGNER.verifier), StoredNodes(session)).vouched


@pytest.mark.both
def test_somebody_removed_who_is_put_back_by_hand_is_found(staffed):
    with staffed.session() as session:
        row = session.get_one(PersonRow, "ada")
        again = PERSON.values(id=row.id, name="ada", role="support", password=row.password)
        remove_person(session, "ada")
    by_hand(staffed, again)
    assert checked(staffed) == [(Trouble.RETURNED, "person.added")]


def test_somebody_of_the_same_name_is_another_person(staffed):
    with staffed.session() as session:
        remove_person(session, "ada")
    with staffed.session() as session:
        add_person(session, "ada", Role.REVIEWER, PASSWORD)
    assert checked(staffed) == []
    with staffed.session() as session:
        forget_person(session, "nobody")
        with pytest.raises(NotFoundError, match="There is no person 'nobody'"):
            remove_person(session, "nobody")


def test_the_command_removes_and_says_where_the_name_still_stands(empty, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", empty.url)
    with empty.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
        add_person(session, "bob", Role.SUPPORT, PASSWORD)
        session.add(ViewRow(viewer="ada", role="support", subject="u1", what="explanation"))
    said = run(tmp_path, "people", "remove", "ada")
    assert said.exit_code == 0, said.output
    assert "views: 1" in said.output
    assert "still stands" not in run(tmp_path, "people", "remove", "bob").output
    gone = run(tmp_path, "people", "remove", "ada")
    assert (gone.exit_code, "There is no person 'ada'" in gone.output) == (1, True)


def test_an_admin_removes_whom_they_have_shut_out_and_not_themselves(explainer, database):
    with database.session() as session:
        add_person(session, "eve", Role.SUPPORT, PASSWORD)
    admin = staff_of(explainer, Role.ADMIN, "/admin/keys", "ada")
    assert "/admin/people/remove" not in admin.see("/admin/people").text
    admin.send("/admin/people/disable", name="eve")
    assert "/admin/people/remove" in admin.see("/admin/people").text
    assert admin.send("/admin/people/remove", name="ada").status_code == 409
    assert admin.send("/admin/people/remove", name="eve").status_code == 303
    assert "<bdi>eve</bdi>" not in admin.see("/admin/people").text
    admin.client.__exit__(None, None, None)
