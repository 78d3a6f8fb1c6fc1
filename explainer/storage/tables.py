"""The tables. Times are UTC; JSON columns hold only what is never searched by."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Of what there is more with every explanation. SQLite's own integers have room; it numbers rows by that name alone.
MANY = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time that comes back with its zone; SQLite alone would forget it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return with the zone UTC.

        Raises:
            TypeError: If PostgreSQL holds what no datetime can, such as infinity: its driver gives that as text.
        """
        if value is None:
            return None
        if isinstance(value, str):
            raise TypeError(f"The database holds the time {value!r}, which we never store: correct the row.")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# On PostgreSQL a month is a range of ids, whatever order of letters its machine prefers: these are compared byte by
# byte. What is joined by them has to be, too, or no index would serve the join.
EXPLANATION_ID = String(36).with_variant(String(36, collation="C"), "postgresql")
_RECORD_ID = String(200).with_variant(String(200, collation="C"), "postgresql")


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


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


class DraftRow(Base):
    """What an engine made of one canonical prompt; no user, no title, no number is in it."""

    __tablename__ = "drafts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    draft: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[list[Any]]
    tries: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ExplanationRow(Base):
    """One explanation as shown, with the versions of everything that made it.

    On PostgreSQL each month has a part of its own, see :mod:`explainer.storage.months`.

    Attributes:
        id: Begins with the time, see :mod:`explainer.storage.ids`; those from before are random.
        asked: What else it depended on, for a replay: length of the list, hidden aspects, excluded behaviours, whether
            personalisation was off; None for those from before it was kept.
        counterfactual: What would have kept it out of the list, once that was found.
        early_counterfactual: The same for those from before it had a row of its own.
    """

    __tablename__ = "explanations"
    __table_args__ = (Index("ix_explanations_shown", "user_id", "item_id", "fingerprint"),)
    id: Mapped[str] = mapped_column(EXPLANATION_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200))
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    rank: Mapped[int]
    score: Mapped[float]
    base_score: Mapped[float]
    method: Mapped[str] = mapped_column(String(60))
    contributions: Mapped[dict[str, Any]]
    order: Mapped[list[Any]] = mapped_column("importance")
    verdict: Mapped[dict[str, Any] | None]
    early_counterfactual: Mapped[dict[str, Any] | None] = mapped_column("counterfactual")
    popularity: Mapped[dict[str, Any] | None]
    known_user: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    draft: Mapped[str] = mapped_column(Text)
    slots: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(20))
    gate_failures: Mapped[list[Any]]
    locale: Mapped[str] = mapped_column(String(20))
    audience: Mapped[str] = mapped_column(String(20))
    prompt_hash: Mapped[str] = mapped_column(String(64))
    prompt_version: Mapped[str] = mapped_column(ForeignKey("prompt_versions.version"), index=True)
    recommender_version: Mapped[str] = mapped_column(ForeignKey("model_versions.version"))
    writer_version: Mapped[str] = mapped_column(ForeignKey("model_versions.version"))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    asked: Mapped[dict[str, Any] | None]
    evidence: Mapped[list[EvidenceRow]] = relationship(order_by="EvidenceRow.slot", lazy="selectin")
    counterfactual: Mapped[CounterfactualRow | None] = relationship(lazy="joined")


class CounterfactualRow(Base):
    """What would have kept an explained item out of its list; found once, at the latest when somebody asks.

    Attributes:
        record: See :class:`~explainer.view.CounterfactualView`.
    """

    __tablename__ = "counterfactuals"
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), primary_key=True)
    record: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvidenceRow(Base):
    """One behaviour that an explanation rests on, as it was when the text was written."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(MANY, primary_key=True)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), index=True)
    slot: Mapped[str] = mapped_column(String(10))
    behaviour_id: Mapped[str] = mapped_column(String(200))
    item_id: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[float | None] = mapped_column(Float)
    time: Mapped[int | None] = mapped_column(BigInteger)
    contribution: Mapped[float]
    share: Mapped[float]
    reasons: Mapped[list[Any]]
    merged: Mapped[list[Any]] = mapped_column(default=list)


class AuditEntryRow(Base):
    """One thing that happened, by reference and digest; holds no personal text.

    Attributes:
        seq: From 1, without gaps.
        leaf: Hash of the entry as a leaf of the log's Merkle tree, hexadecimal.
    """

    __tablename__ = "audit_entries"
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[str] = mapped_column(_RECORD_ID, index=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=now)
    leaf: Mapped[str] = mapped_column(String(64))
    salt: Mapped[AuditSaltRow | None] = relationship(
        lazy="joined", viewonly=True, primaryjoin="foreign(AuditSaltRow.seq) == AuditEntryRow.seq", uselist=False
    )


class AuditSaltRow(Base):
    """What an entry's digest is salted with, so that nobody who has the log can guess what a record said.

    The log keeps the entry for ever; this goes with the record when that is erased, and then nothing can be told of it
    any more. Entries from before there were salts have none.

    Attributes:
        value: Random, hexadecimal.
    """

    __tablename__ = "audit_salts"
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(String(32))


class AuditSubjectRow(Base):
    """Whom an entry is about, for access and erasure; kept beside the log and not in it, and erased with the salt.

    An entry about several people (a batch of behaviours) has several.
    """

    __tablename__ = "audit_subjects"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  the key is all there is: no second tree for it
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)


class AuditNodeRow(Base):
    """The root of a complete subtree of the audit log's Merkle tree, above its leaves.

    Attributes:
        level: From 1; it is over two to the level entries.
        place: Which of those, from 0.
        hash: Hexadecimal.
    """

    __tablename__ = "audit_nodes"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


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


class FeedbackRow(Base):
    """What somebody says of a text; the comment is a person's own words and can be erased."""

    __tablename__ = "feedback"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class PromiseRow(Base):
    """What a caller was answered under an idempotency key: the same request gets the same answer.

    Attributes:
        body: Digest of the request.
        explanations: Ids of what was made; None while it is being made.
    """

    __tablename__ = "promises"
    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))
    explanations: Mapped[list[Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
