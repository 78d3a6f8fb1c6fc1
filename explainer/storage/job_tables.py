"""Tables of what is left to do after an answer, and of who is there to do it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import EXPLANATION_ID, Base, now


class JobRow(Base):
    """Something that is left to do for an explanation; gone once it is done.

    It holds ids only: what it needs besides is read from the explanation, and goes with that. There is no foreign key:
    the row is written with its explanation and removed with it, and a key would be checked at every answer.

    Attributes:
        kind: What is to be done.
        recommender: Version of what ranked: nothing else can compute the same again.
        state: ``waiting``, ``taken`` or ``dead``.
        due_at: From when on it may be taken. While it is taken: the end of the lease, after which whoever took it is
            given up.
        taken_by: Who has it; empty when nobody does.
        attempts: How often it was taken.
        error: Why it failed the last time, in words of ours; never a message that may quote somebody.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "kind", "state", "due_at"),)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(EXPLANATION_ID, primary_key=True)
    recommender: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime]
    taken_by: Mapped[str] = mapped_column(String(36), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProcessRow(Base):
    """A process of the service that was there a moment ago.

    Attributes:
        id: By which its jobs are known as taken.
        role: ``api`` or ``worker``.
        place: Name of its machine and number of the process there.
        does: Kinds of jobs that it does, with commas between them.
        release: Version of this program,
        recommender: of what ranks there,
        writer: and of what writes.
        seen_at: When it last said that it is there.
        trouble: Why the adapter in production does not write there; empty when it does.
        signer: Public key that it signs the audit log with; empty where it does not sign.
        checkpoints: Where it keeps what it signed, by a mark that is in the folder itself.
    """

    __tablename__ = "processes"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(300))
    does: Mapped[str] = mapped_column(String(200))
    release: Mapped[str] = mapped_column(String(40))
    recommender: Mapped[str] = mapped_column(String(64))
    writer: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    trouble: Mapped[str] = mapped_column(Text, default="", server_default="")
    signer: Mapped[str] = mapped_column(String(300), default="", server_default="")
    checkpoints: Mapped[str] = mapped_column(String(300), default="", server_default="")
