"""How tests erase somebody, and see what is held of them and whether the log is whole."""

from __future__ import annotations

import msgspec

from explainer.access import Role
from explainer.audit.check import check_log
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.service.audited import KEPT
from explainer.service.subject.receipts import Receipt
from explainer.storage.erasing import held_counts
from tests.integration.traces import USER

A, S, X, U = Role.APP, Role.SUPPORT, Role.ADMIN, Role.AUDITOR


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
