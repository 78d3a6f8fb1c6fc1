"""How tests make a log grow, look at it, and forge it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from explainer.audit import log
from explainer.audit.entries import leaf_of
from explainer.audit.merkle import Tree
from explainer.audit.notes import Signer
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import TamperError, verify
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow
from tests.integration.tampering import unguard

ENTRIES = 40
SIGNER = Signer("shop", bytes(range(32)))
PLACES = {"head": 1, "middle": 17, "tail": ENTRIES}
INTO = "INTO audit_entries (seq, event, record_id, digest, at, leaf)"


def grow(database, end):
    with database.session() as session:
        for n in range(log.head_of(session).size, end):
            log.append(session, "test.happened", f"r{n}", {"n": n})


def verified(database, folder, key=SIGNER.verifier):
    with database.session() as session:
        return verify(stored_entries(session), folder.read(key), StoredNodes(session))


def fault(database, folder):
    with pytest.raises(TamperError) as raised:
        verified(database, folder)
    return raised.value.fault, raised.value.seq


def rewrite(database, entries):
    unguard(database)
    tree = Tree()
    with database.session() as session:
        session.execute(text("DELETE FROM audit_entries"))
        session.execute(text("DELETE FROM audit_nodes"))
        for seq, (event, record_id, digest, at) in enumerate(entries, start=1):
            leaf = leaf_of(seq, at, event, record_id, digest)
            session.add(AuditEntryRow(seq=seq, event=event, record_id=record_id, digest=digest, at=at, leaf=leaf.hex()))
            for level, place, made in tree.append(leaf):
                if level:
                    session.add(AuditNodeRow(level=level, place=place, hash=made.hex()))
