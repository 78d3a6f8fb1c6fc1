"""Versions of what makes explanations (recommenders, writers, prompts, adapters), and which came into use when."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, now


class PromptVersionRow(Base):
    """The templates behind a prompt version, word for word, so that a text can be traced after they changed."""

    __tablename__ = "prompt_versions"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    locale: Mapped[str] = mapped_column(String(20))
    audience: Mapped[str] = mapped_column(String(20))
    templates: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelVersionRow(Base):
    """A recommender or a writer that explanations refer to."""

    __tablename__ = "model_versions"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class AdapterRow(Base):
    """A LoRA adapter that can be put into use; its weights stay in their folder, its version is their hash."""

    __tablename__ = "adapters"
    __table_args__ = (
        Index(
            "uq_adapters_production",
            "locale",
            unique=True,
            sqlite_where=text("label = 'production'"),
            postgresql_where=text("label = 'production'"),
        ),
    )
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(20))
    folder: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str] = mapped_column(String(64))
    card: Mapped[dict[str, Any]]
    label: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class RegistryChangeRow(Base):
    """One change of which adapter or prompts are known or in use; written once, never changed.

    Attributes:
        scope: What it is for: a locale, or locale and audience.
        number: Counts the changes of a scope, so that of two at the same moment one is refused.
        version: What came into use; None is what lies on disk.
        other: The second version of a split, which ``percent`` of users get.
        split: Id of the split, the same while only its percentage changes.
        by: Name of whoever changed it: a person, a key, or who was at the command line; None where that was not kept.
    """

    __tablename__ = "registry_changes"
    __table_args__ = (UniqueConstraint("kind", "scope", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid.uuid4()))
    kind: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(50))
    number: Mapped[int]
    action: Mapped[str] = mapped_column(String(20))
    version: Mapped[str | None] = mapped_column(String(64))
    other: Mapped[str | None] = mapped_column(String(64))
    percent: Mapped[int | None]
    split: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str | None] = mapped_column("changed_by", String(200))
