"""The secret that tokens are made with: shared by all who start, exchanged, ended, in no answer."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select

from explainer.access.embed_secrets import embed_secrets, rotate_embed_secret
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.service_tables import SecretRow
from tests.integration.embed.acting import ask, bearer


def test_all_who_start_at_once_share_one_secret(database):
    gate, found = threading.Barrier(6), []

    def start():
        gate.wait()
        found.append(tuple(embed_secrets(database)))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert len(found[0][0]) >= 32


def test_after_a_rotation_both_secrets_count_for_a_while(shop, key, database, row, token):
    with database.session() as session:
        until = rotate_embed_secret(session)
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 200
    fresh = bearer(ask(shop, key, row.id).json()["token"])
    assert fresh != token
    assert shop.get(f"/embed/explanations/{row.id}", headers=fresh).status_code == 200
    assert len(embed_secrets(database)) == 2
    assert len(embed_secrets(database, until)) == 1
    with database.session() as session:
        entry = session.scalar(select(AuditEntryRow).where(AuditEntryRow.event == "embed_secret.rotated"))
        assert entry is not None


def test_a_secret_that_others_have_seen_can_be_ended_at_once(shop, database, row, token):
    with database.session() as session:
        rotate_embed_secret(session, timedelta(0))
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401


def test_a_second_rotation_forgets_the_first_secret(shop, database, row, token):
    for _ in range(2):
        with database.session() as session:
            rotate_embed_secret(session)
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401


def test_the_secret_is_a_row_of_its_own_and_in_no_answer(shop, database, row, token):
    with database.session() as session:
        assert [one.name for one in session.scalars(select(SecretRow).order_by(SecretRow.name))] == ["cursors", "embed"]
    kept = embed_secrets(database)[0].decode()
    assert kept not in shop.get(f"/embed/explanations/{row.id}", headers=token).text
