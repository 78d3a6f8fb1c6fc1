"""All that is held about a person, as one ZIP file: JSON lines for machines, a page in each language to read.

The file is made while it is sent: some hundred rows are in memory at a time, whatever its size.
"""

from __future__ import annotations

import uuid
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy.orm import Session

from explainer import __version__
from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.pieces import Pieces
from explainer.service.subject.page import page
from explainer.storage.audit_tables import AuditSaltRow
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.erasing import stays_held
from explainer.storage.holdings import Columns, entries_about, rows_about
from explainer.storage.personal import HELD
from explainer.writing.style import LOCALES

_PIECE = 64 * 1024
ENTRIES = "audit_entries"


def note_export(session: Session, user: str, by: str) -> None:
    """Put on record that somebody was given all that is held about a user, in the caller's transaction.

    Where that is nothing, it is not kept whose: it would be all that is held.
    """
    made, who, held = str(uuid.uuid4()), on_record(session, by), stays_held(session, user)
    log.append(session, "subject.exported", made, {"id": made, "user": user if held else "", "by": who}, [user] * held)


def archive(database: Database, user: str) -> Iterator[bytes]:
    """Yield the ZIP file piece by piece; a user we never met gets one that says so."""
    pipe, counts = Pieces(), Counter[str]()
    at = now()
    with database.session() as session, zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for name, rows in tables(session, user):
            yield from _written(made, pipe, f"data/{name}.jsonl", _lines(rows, name, counts))
        for locale in LOCALES:
            yield from _written(made, pipe, f"{locale}.html", page(session, user, locale, at, tables(session, user)))
        about = {"user": user, "made_at": at, "release": __version__, "rows": dict(counts)}
        yield from _written(made, pipe, "about.json", [msgspec.json.encode(about)])
    yield pipe.take()


def tables(session: Session, user: str) -> Iterator[tuple[str, Iterable[Columns]]]:
    """Yield every kind of thing that is held, with its rows."""
    for held in HELD:
        if held.table is AuditSaltRow:
            yield ENTRIES, entries_about(session, user)
        elif held.shown:
            yield held.name, rows_about(session, held, user)


def _lines(rows: Iterable[Columns], name: str, counts: Counter[str]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    counts[name] = 0
    for row in rows:
        counts[name] += 1
        yield encode(row) + b"\n"


def _written(made: zipfile.ZipFile, pipe: Pieces, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    info = zipfile.ZipInfo(name, now().timetuple()[:6])
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    with made.open(info, "w", force_zip64=True) as file:
        for piece in pieces:
            file.write(piece)
            if pipe.held >= _PIECE:
                yield pipe.take()
    yield pipe.take()
