"""What came after an explanation: better texts, what was taken back, verdicts, looks at it. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, new_id, now


class RevisionRow(Base):
    """A later text of an explanation; the first one stays with the explanation as it was shown.

    Attributes:
        number: From 2.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("explanation_id", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    draft: Mapped[str] = mapped_column(Text)
    slots: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(20))
    gate_failures: Mapped[list[Any]]
    prompt_hash: Mapped[str] = mapped_column(String(64))
    prompt_version: Mapped[str] = mapped_column(ForeignKey("prompt_versions.version"))
    writer_version: Mapped[str] = mapped_column(ForeignKey("model_versions.version"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class UpgradeRow(Base):
    """That the model was asked for a better text after the first one had been shown.

    Attributes:
        state: ``waiting``, ``done`` (there is a revision) or ``kept`` (the first text stays, for ``reason``).
    """

    __tablename__ = "upgrades"
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class SuppressionRow(Base):
    """An explanation that nobody is shown any more; it stays on record."""

    __tablename__ = "suppressions"
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column("suppressed_by", String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ReviewRow(Base):
    """A text that waits for a reviewer, or was judged by one.

    Attributes:
        cause: ``reported`` or ``sampled``.
        verdict: None while it waits.
    """

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), unique=True)
    cause: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    verdict: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]


class ViewRow(Base):
    """That somebody looked at a customer's record.

    Attributes:
        viewer: Name of the person or key.
        subject: The user whose record it is; None where it was everybody's, empty where nobody may tell any more.
        what: What was looked at, e.g. ``explanation``.
        record_id: Which one; empty where there is none.
        ticket: Of the case it was for; may be empty.
        unmasked: Whether sensitive evidence was shown.
    """

    __tablename__ = "views"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    viewer: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str | None] = mapped_column(String(200), index=True)
    what: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[str] = mapped_column(String(200), default="")
    ticket: Mapped[str] = mapped_column(String(200), default="")
    purpose: Mapped[str] = mapped_column(Text, default="")
    unmasked: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
