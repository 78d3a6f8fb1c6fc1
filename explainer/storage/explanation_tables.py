"""Explanations with their evidence, counterfactuals and drafts; what callers were promised, and what readers say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from explainer.storage.base import EXPLANATION_ID, MANY, Base, now


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


class DraftRow(Base):
    """What an engine made of one canonical prompt; no user, no title, no number is in it."""

    __tablename__ = "drafts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    draft: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[list[Any]]
    tries: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class PromiseRow(Base):
    """What a caller was answered under an idempotency key: the same request gets the same answer.

    Attributes:
        body: Digest of the request.
        user_id: Whom the request is about.
        explanations: Ids of what was made; None while it is being made.
    """

    __tablename__ = "promises"
    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(200), index=True, server_default="")
    explanations: Mapped[list[Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)


class FeedbackRow(Base):
    """What somebody says of a text; the comment is a person's own words and can be erased."""

    __tablename__ = "feedback"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
