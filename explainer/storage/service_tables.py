"""The tables of the service: what readers decided, said and looked at. Times are UTC."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import EXPLANATION_ID, Base, now


def _id() -> str:
    return str(uuid.uuid4())


class RevisionRow(Base):
    """A later text of an explanation; the first one stays with the explanation as it was shown.

    Attributes:
        number: From 2.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("explanation_id", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
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


class ExclusionRow(Base):
    """A behaviour that its user does not want to be used; they have met its item all the same.

    Attributes:
        id: Random, for the audit log: no digest that has it in it can be guessed.
    """

    __tablename__ = "exclusions"
    id: Mapped[str] = mapped_column(String(36), default=_id, unique=True)
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    behaviour_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class UserSettingsRow(Base):
    """What a user has chosen; without a row everything is as usual.

    Attributes:
        id: Random, for the audit log.
    """

    __tablename__ = "user_settings"
    id: Mapped[str] = mapped_column(String(36), default=_id, unique=True)
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    personalised: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class ReviewRow(Base):
    """A text that waits for a reviewer, or was judged by one.

    Attributes:
        cause: ``reported`` or ``sampled``.
        verdict: None while it waits.
    """

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
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
        subject: The user whose record it is.
        what: What was looked at, e.g. ``explanation``.
        record_id: Which one; empty where there is none.
        ticket: Of the case it was for; may be empty.
        unmasked: Whether sensitive evidence was shown.
    """

    __tablename__ = "views"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
    viewer: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    what: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[str] = mapped_column(String(200), default="")
    ticket: Mapped[str] = mapped_column(String(200), default="")
    purpose: Mapped[str] = mapped_column(Text, default="")
    unmasked: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(default=now, index=True)


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
    """

    __tablename__ = "erasures"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
    code: Mapped[str] = mapped_column(String(64), index=True)
    by: Mapped[str] = mapped_column("erased_by", String(200))
    requested_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(index=True)
    counts: Mapped[dict[str, Any]]
    entries: Mapped[list[Any]]
    training: Mapped[list[Any]]
    corpora: Mapped[list[Any] | None] = mapped_column(JSON)


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
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    file: Mapped[str] = mapped_column(String(300))
    lines: Mapped[int]
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(default=now)


class CorpusLineRow(Base):
    """Of whose explanation a line of such a file was made: for the day on which they ask to be erased."""

    __tablename__ = "corpus_lines"
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(EXPLANATION_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200), index=True)


class RetentionRow(Base):
    """That records were removed because they had been kept for as long as they may be.

    Attributes:
        counts: Rows that were removed or emptied, by table.
        entries: As of an erasure.
    """

    __tablename__ = "retentions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    counts: Mapped[dict[str, Any]]
    entries: Mapped[list[Any]]


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
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_id)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    settings: Mapped[dict[str, Any]]
    release: Mapped[str] = mapped_column(String(40))
    recommender: Mapped[str] = mapped_column(String(64))
    writer: Mapped[str] = mapped_column(String(64))
    place: Mapped[str | None] = mapped_column(String(300))
