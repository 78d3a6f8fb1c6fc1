"""Who may come in: API keys, the people who sign in on pages, and where they are signed in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, now


class ApiKeyRow(Base):
    """An API key: its prefix to recognise it by, its hash to check it with, never the key itself."""

    __tablename__ = "api_keys"
    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    role: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[list[Any] | None] = mapped_column(JSON)
    expires_at: Mapped[datetime | None]


class PersonRow(Base):
    """Somebody who signs in on pages.

    Attributes:
        id: Random, for the audit log, which names nobody.
        password: Argon2id hash in its own format, salt and cost included.
        failures: Wrong passwords in a row.
        locked_until: Until when no password is looked at.
    """

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(String(36), default=lambda: str(uuid.uuid4()), unique=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    password: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class StaffRow(Base):
    """Whose an id is that stands in records: of a person, a key, or whoever was at the command line.

    Attributes:
        id: Random.
        name: As they are known; gone with the row when they are removed.
    """

    __tablename__ = "staff"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class SignInRow(Base):
    """Where a person is signed in: the hash of the token that their browser holds, and what their forms must carry."""

    __tablename__ = "sign_ins"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    ticket: Mapped[str] = mapped_column(String(200), default="", server_default="")
    purpose: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
