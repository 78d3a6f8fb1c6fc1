"""Files for training that were made of explanations: which there are, and of whose explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from explainer.storage.erasing import begin_writing
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ReviewRow
from explainer.storage.removal_tables import CorpusLineRow, CorpusRow, ErasureRow


@dataclass(frozen=True, slots=True)
class Exported:
    """A file, and what became of those of whom it was made.

    Attributes:
        corpus: The file.
        erased: Lines made of explanations of people who were erased since: it must be made again.
    """

    corpus: CorpusRow
    erased: int


def hold_judged(session: Session) -> None:
    """Keep whoever has a judged explanation from being erased until the transaction ends, or wait until they are."""
    begin_writing(session)
    if session.get_bind().dialect.name == "postgresql":
        judged = select(ReviewRow.explanation_id).where(ReviewRow.verdict.is_not(None))
        mine = select(ExplanationRow.id).where(ExplanationRow.id.in_(judged)).order_by(ExplanationRow.id)
        session.execute(mine.with_for_update(read=True))


def add_corpus(session: Session, corpus: CorpusRow, made_of: Mapping[str, tuple[str, str]]) -> CorpusRow:
    """Store a file, in the caller's transaction, with the (explanation, user) that each line was made of, by its id."""
    session.add(corpus)
    session.flush()
    session.add_all(
        CorpusLineRow(corpus_id=corpus.id, explanation_id=explanation, user_id=user, line=line)
        for line, (explanation, user) in made_of.items()
    )
    session.flush()
    return corpus


def corpora_with(session: Session, user: str) -> list[dict[str, str]]:
    """Return id and hash of the files that have lines made of a user's explanations, oldest first, as JSON data."""
    mine = select(CorpusLineRow.corpus_id).where(CorpusLineRow.user_id == user)
    query = select(CorpusRow).where(CorpusRow.id.in_(mine)).order_by(CorpusRow.made_at, CorpusRow.id)
    return [{"id": row.id, "sha256": row.sha256} for row in session.scalars(query)]


def lines_of(session: Session, user: str) -> list[str]:
    """Return the ids of the lines that were made of a user's explanations, in any file, sorted."""
    mine = select(CorpusLineRow.line).where(CorpusLineRow.user_id == user, CorpusLineRow.line.is_not(None))
    return sorted({line for line in session.scalars(mine) if line is not None})


def erased_lines(session: Session) -> frozenset[str]:
    """Return the ids of all lines that were made of explanations of people who were erased since."""
    kept = session.scalars(select(ErasureRow.lines).where(ErasureRow.lines.is_not(None)))
    return frozenset(line for lines in kept for line in lines or ())


def list_corpora(session: Session) -> list[Exported]:
    """Return all files, newest first."""
    left = select(func.count()).where(CorpusLineRow.corpus_id == CorpusRow.id).scalar_subquery()
    query = select(CorpusRow, left).order_by(CorpusRow.made_at.desc(), CorpusRow.id)
    return [Exported(row, row.lines - number) for row, number in session.execute(query)]


def find_corpus(session: Session, sha256: str) -> Exported | None:
    """Return the file with these bytes; of several exports that wrote the same, the one that has lost most lines."""
    found = [one for one in list_corpora(session) if one.corpus.sha256 == sha256]
    return max(found, key=lambda one: one.erased, default=None)
