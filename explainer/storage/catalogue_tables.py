"""What explanations are made from: items, what users did with them, and what they do not want to be known by."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, now


class DatasetRow(Base):
    """The one dataset of this database.

    Attributes:
        judgements: Counts how often what is private of stored items has changed.
    """

    __tablename__ = "datasets"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    domain: Mapped[str] = mapped_column(String(20))
    value_low: Mapped[float]
    value_high: Mapped[float]
    cleaning_report: Mapped[dict[str, Any]]
    ingested_at: Mapped[datetime] = mapped_column(default=now)
    judgements: Mapped[int] = mapped_column(default=0, server_default="0")


class ItemRow(Base):
    """A catalogue entry.

    Attributes:
        changed_at: When the running service last changed its description; a recommender fitted before still knows it
            as it was described then.
        private: Categories of what is private that it belongs to, with commas between them; empty where there is
            none, None where nobody has judged it yet.
        judged_by: Version of the firewall that judged it.
    """

    __tablename__ = "items"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None]
    aspects: Mapped[list[Any]]
    text: Mapped[str] = mapped_column(Text)
    phrases: Mapped[list[Any]]
    creator: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime | None]
    private: Mapped[str | None] = mapped_column(Text)
    judged_by: Mapped[str | None] = mapped_column(String(64))


class BehaviourRow(Base):
    """One interaction."""

    __tablename__ = "behaviours"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[float | None] = mapped_column(Float)
    time: Mapped[int | None] = mapped_column(BigInteger)


class HiddenAspectRow(Base):
    """An aspect that a user does not want to be known by: no tag and no reason for them; case-folded."""

    __tablename__ = "hidden_aspects"
    __table_args__ = (UniqueConstraint("user_id", "aspect"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid.uuid4()))
    user_id: Mapped[str] = mapped_column(String(200))
    aspect: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
