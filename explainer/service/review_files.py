"""Files of what reviewers judged, each on record with whose explanations its lines were made of.

No name is in them, and yet they were made of what somebody did: who is erased can only be told of the files that have a
line of theirs if that was kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.errors import CorpusError
from explainer.files import file_hash
from explainer.service.review_export import Judged, Rejected, judged, lines_of, write_examples, write_rejected
from explainer.service.subject.records import corpus_record
from explainer.storage.base import now
from explainer.storage.corpora import add_corpus, erased_lines, find_corpus, hold_judged
from explainer.storage.database import Database
from explainer.storage.removal_tables import CorpusRow
from explainer.tuning.examples import Example, corpus_files, line_ids

EXAMPLES, REJECTED = "examples", "rejected"
_LONGEST_NAME = 300


def export(database: Database, out: Path, rejected: Path | None, by: str) -> Judged:
    """Write what was judged to files, and return it.

    It is on record before a file is there: of one that could not be written the record is too much, never too little.

    Args:
        database: Where the verdicts are.
        out: File for the good texts.
        rejected: File for the others; None leaves them.
        by: Who wants it.

    Raises:
        NotReadyError: If nothing was ingested yet.
        CorpusError: If a file cannot be written, or does not read back as it was.
    """
    with database.session() as session:
        who = on_record(session, by)
        hold_judged(session)
        found = judged(session)
        _note(session, found, EXAMPLES, out, found.examples, who)
        if rejected is not None:
            _note(session, found, REJECTED, rejected, found.rejected, who)
    try:
        write_examples(out, found.examples)
        if rejected is not None:
            write_rejected(rejected, found.rejected)
    except OSError as error:
        raise CorpusError(f"{error.filename} cannot be written: {error.strerror}") from error
    return found


def require_no_erased(session: Session, path: Path) -> None:
    """Check that nothing would be trained with lines of somebody who was erased.

    A line is known by its id, in whatever file it is. Of erasures from before these ids were kept, only the files are
    known that were written then.

    Raises:
        CorpusError: If a file, or one in the folder, has lines made of explanations of such people.
    """
    gone = erased_lines(session)
    for file in filter(Path.is_file, corpus_files(path)):
        known = find_corpus(session, file_hash(file))
        number = max(len(gone & line_ids(file)), 0 if known is None else known.erased)
        if number:
            raise CorpusError(
                f"{file} has {number} lines made of explanations of people who were erased since it was "
                "written. Write it again: explainer reviews export --out FILE"
            )


def _note(
    session: Session, found: Judged, kind: str, path: Path, records: Sequence[Example] | Sequence[Rejected], by: str
) -> None:
    if not records:
        return
    row = CorpusRow(kind=kind, file=path.name[:_LONGEST_NAME], lines=len(records), made_by=by, made_at=now())
    row.sha256 = hashlib.sha256(lines_of(records)).hexdigest()
    add_corpus(session, row, {one.id: found.made_of[one.id] for one in records})
    log.append(session, "corpus.exported", row.id, corpus_record(row))
