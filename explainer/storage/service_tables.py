"""What the processes of the service share. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, new_id, now


class RateRow(Base):
    """How many requests of a bucket's present window are given out, to all processes together.

    Attributes:
        window: Number of the window since 1970.
    """

    __tablename__ = "rates"
    bucket: Mapped[str] = mapped_column(String(250), primary_key=True)
    window: Mapped[int]
    used: Mapped[int]


class SecretRow(Base):
    """A secret that all processes share, made once."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class StartRow(Base):
    """That a process of a service began to serve, or to write with another adapter, and with what.

    Attributes:
        settings: Every setting but secrets.
        release: Version of this program.
        recommender: Version of what ranks,
        writer: and of what writes.
        place: Name of its machine and number of the process there; None where that was not kept.
    """

    __tablename__ = "starts"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    settings: Mapped[dict[str, Any]]
    release: Mapped[str] = mapped_column(String(40))
    recommender: Mapped[str] = mapped_column(String(64))
    writer: Mapped[str] = mapped_column(String(64))
    place: Mapped[str | None] = mapped_column(String(300))
