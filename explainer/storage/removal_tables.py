"""What was removed and when, and the files outside that may hold some of it. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import EXPLANATION_ID, Base, new_id, now


class ErasureRow(Base):
    """That everything about a person was removed; holds nothing of theirs.

    Attributes:
        code: HMAC-SHA256 of the person's id under a key that is kept outside the database, hexadecimal: whoever has
            the key recognises the person in a backup that is restored later, and nobody else can tell who it was.
        by: Name of whoever asked for it.
        counts: Rows that were removed or emptied, by table.
        entries: Numbers of the audit entries that lost their salt, as ranges ``[first, last]``: nothing can be told of
            their records any more, and none of them is there as it was. The erasure's own entry vouches for the list.
        training: Versions of the recommenders that were fitted while the person's behaviours were there.
        corpora: Id and hash of the training sets for the writer that have lines made of the person's explanations; None
            for erasures from before these were kept.
        lines: Ids of those lines, which are random: a file that has one is not trained with, whatever else is in it.
        adapters: Versions of the writer's adapters that were trained with such lines. Both None likewise.
    """

    __tablename__ = "erasures"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(64), index=True)
    by: Mapped[str] = mapped_column("erased_by", String(200))
    requested_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(index=True)
    counts: Mapped[dict[str, Any]]
    entries: Mapped[list[Any]]
    training: Mapped[list[Any]]
    corpora: Mapped[list[Any] | None] = mapped_column(JSON)
    lines: Mapped[list[Any] | None] = mapped_column(JSON)
    adapters: Mapped[list[Any] | None] = mapped_column(JSON)


class CorpusRow(Base):
    """A file of lines for the next training of the writer that was made of what reviewers judged.

    Attributes:
        sha256: Of the file as it was written, by which it is known wherever it lies.
        kind: ``examples`` or ``rejected``.
        file: What it was called.
        lines: How many it has. As many have a row of their own, until somebody of whom they were made is erased.
        made_by: Who was at the command line.
    """

    __tablename__ = "corpora"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    file: Mapped[str] = mapped_column(String(300))
    lines: Mapped[int]
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(default=now)


class CorpusLineRow(Base):
    """Of whose explanation a line of such a file was made: for the day on which they ask to be erased.

    Attributes:
        line: The line's id in the file; None for one from before it was kept whose review was gone.
    """

    __tablename__ = "corpus_lines"
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(EXPLANATION_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200), index=True)
    line: Mapped[str | None] = mapped_column(String(60))


class RetentionRow(Base):
    """That records were removed because they had been kept for as long as they may be.

    Attributes:
        counts: Rows that were removed or emptied, by table.
        entries: As of an erasure.
        kind: Of what had its time,
        before: and the moment before which it was made. Both None for retentions from before these were kept.
        seal: Made of all this with the key of the erasures, which is outside the database: nobody else can put on
            record that something was removed for its age. None likewise, and where nobody keeps that key.
    """

    __tablename__ = "retentions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    counts: Mapped[dict[str, Any]]
    entries: Mapped[list[Any]]
    kind: Mapped[str | None] = mapped_column(String(60))
    before: Mapped[datetime | None]
    seal: Mapped[str | None] = mapped_column(String(64))
