"""The tables of writing explanations before anybody asks. Times are UTC."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import EXPLANATION_ID, Base, now


class PregeneratedRow(Base):
    """Which explanation was written before anybody asked: one for each key, whoever else writes at the same moment.

    The fingerprint is part of the key because it has more than the prompt: after other behaviours of the user the
    prompt may be the same, but what was stored before is not about them; and texts of templates have no prompt.

    Attributes:
        explanation_id: No foreign key: it is claimed before the explanation is inserted, in the same transaction.
    """

    __tablename__ = "pregenerated"
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    recommender_version: Mapped[str] = mapped_column(String(64), primary_key=True)
    writer_version: Mapped[str] = mapped_column(String(64), primary_key=True)
    prompt_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(EXPLANATION_ID, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class DeadLetterRow(Base):
    """An explanation that could not be written before anybody asked; it goes once it could.

    Attributes:
        item_id: Empty where already the user's list could not be made.
        stage: ``prepare``, ``write`` or ``store``.
        reason: Why.
        tries: How often it was tried.
    """

    __tablename__ = "dead_letters"
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    locale: Mapped[str] = mapped_column(String(20), primary_key=True)
    audience: Mapped[str] = mapped_column(String(20), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column(default=now)
