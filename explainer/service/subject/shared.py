"""Hosts that share a database must share the key and the list of erasures: this finds those that do not.

With another key a host would not recognise whom the others have erased, and its own erasures were a stranger's to them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.outside import KEY_ADOPTED, borders, erasures_to_list
from explainer.audit.staff import on_record
from explainer.errors import ErasureError
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.sealing import is_use_of, note_key
from explainer.storage.base import new_id, now
from explainer.storage.database import Database
from explainer.storage.erasing import begin_writing
from explainer.storage.once import insert_once
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.service_tables import SecretRow

_NAME, _NOTED = "erasure key, fingerprint", "erasure key, on record"
RELISTED = "erasure.relisted"
"""Audit event: lines of a list that was lost are written anew."""
_log = logging.getLogger(__name__)


def require_shared_key(database: Database, kept: ErasureList) -> None:
    """Check that the key is the one that everybody uses who erases in this database; whoever is first decides it.

    That it is in use goes on record the first time: whatever is removed for its age from then on has its seal. The
    database has a fingerprint of the key, from which nobody can tell the key. Nothing is checked where no list is kept:
    then nobody else has the key, and there are no backups that it would be needed for.

    Raises:
        ErasureError: If it is another one.
    """
    if kept.path is None:
        return
    with database.session() as session:
        row, noted = session.get(SecretRow, _NAME), session.get(SecretRow, _NOTED)
    if row is None:
        with database.session() as session:
            mine = {"name": _NAME, "value": kept.key.fingerprint, "created_at": now()}
            insert_once(session, SecretRow, [mine])
            row = session.get_one(SecretRow, _NAME)
    if row.value != kept.key.fingerprint:
        raise ErasureError(
            f"The erasure key here has the fingerprint {kept.key.fingerprint[:12]}, the one in use with this database "
            f"has {row.value[:12]}: people who were erased with that would not be recognised. Copy the key file of the "
            "host that erased first to this one, or name it by EXPLAINER_ERASURE_KEY; all hosts need the same, and the "
            "same EXPLAINER_ERASURE_LIST. If that key is lost, use this one from now on: explainer subject adopt-key"
        )
    if noted is None or noted.value != row.value:
        with database.session() as session:
            _note(session, kept)


def _note(session: Session, kept: ErasureList) -> None:
    begin_writing(session)
    insert_once(session, SecretRow, [{"name": _NOTED, "value": "", "created_at": now()}])
    row = session.get_one(SecretRow, _NOTED, with_for_update=True, populate_existing=True)
    if row.value != kept.key.fingerprint:
        row.value, row.created_at = kept.key.fingerprint, now()
        note_key(session, kept.key)


def adopt_key(database: Database, kept: ErasureList, by: str) -> bool:
    """Make the key here the one that everybody must use from now on, as the one until now is lost; goes on record.

    Nobody can tell any more whom that one's codes mean: they are not recognised in a load or a restored backup.

    Args:
        database: Whose hosts must have the key.
        kept: The list with the key.
        by: Name of whoever wants it.

    Returns:
        Whether it was another one before.

    Raises:
        ErasureError: If the list has lines of another key; then nothing changes.
    """
    kept.lines()
    mine = kept.key.fingerprint
    with database.session() as session:
        begin_writing(session)
        row = session.get(SecretRow, _NAME, with_for_update=True)
        if row is None or row.value == mine:
            return False
        adopted = {"fingerprint": mine, "instead_of": row.value, "by": on_record(session, by)}
        log.append(session, KEY_ADOPTED, mine, adopted)
        _note(session, kept)
        row.value, row.created_at = mine, now()
    return True


def backup_note(url: str, kept: ErasureList) -> str:
    """Return what is amiss if a copy of the folder of an SQLite file has the list in it, too; empty if nothing is."""
    parts = make_url(url)
    if kept.path is None or parts.get_backend_name() != "sqlite" or parts.database in {None, "", ":memory:"}:
        return ""
    folder = Path(str(parts.database)).resolve().parent
    if not kept.path.resolve().is_relative_to(folder):
        return ""
    return (
        f"The erasure list {kept.path} lies under the folder of the database, {folder}: who restores a copy of that "
        "folder restores an older list with it, and nobody is told who was erased since. Keep the list elsewhere "
        "(EXPLAINER_ERASURE_LIST), and a copy of its key (EXPLAINER_ERASURE_KEY)."
    )


def warn_of_another_list(session: Session, kept: ErasureList) -> None:
    """Warn if the database has erasures that are not on the list: then another host keeps another one, or it is lost.

    Raises:
        ErasureError: If the list cannot be read.
    """
    missing = missing_lines(session, kept)
    if missing:
        _log.warning(
            "%d erasures of the database are not on the erasure list %s. If another host keeps a list of its own, put "
            "the lines of both into one file that all hosts write to (EXPLAINER_ERASURE_LIST); without them a restored "
            "backup brings these people back. If the list is lost, write them anew: explainer subject relist",
            len(missing),
            kept.path,
        )


def missing_lines(session: Session, kept: ErasureList) -> Sequence[Line]:
    """Return the lines of erasures that are in the database and not on the list, oldest first; none without a list.

    Raises:
        ErasureError: If the list cannot be read.
    """
    if kept.path is None:
        return []
    since = borders(session, kept.key.fingerprint, lambda entry: is_use_of(kept.key, entry))
    due = erasures_to_list(session, since)
    known = {line.id for line in kept.lines()}
    rows = (session.get_one(ErasureRow, one) for one in due if one not in known)
    return [Line(row.id, row.code, row.requested_at) for row in rows]


def relist(database: Database, kept: ErasureList, by: str) -> int:
    """Write lines anew that are lost, of erasures that the database has; goes on record. Return how many.

    Whoever makes up an erasure in the database alone has no line for it, and is found by that. So this is done by
    somebody who knows that the list is lost, and never by itself.

    Args:
        database: What has the erasures.
        kept: The list with the key.
        by: Name of whoever wants it.

    Raises:
        ErasureError: If others use another key with this database, or the list cannot be read or written.
    """
    require_shared_key(database, kept)
    with database.session() as session:
        lines = missing_lines(session, kept)
        if lines:
            record_id = new_id()
            told = {"id": record_id, "by": on_record(session, by), "erasures": [line.id for line in lines]}
            log.append(session, RELISTED, record_id, told)
    for line in lines:
        kept.add(line)
    return len(lines)
