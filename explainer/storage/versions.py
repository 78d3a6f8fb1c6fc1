"""Versions of models and prompts, written down before the first explanation refers to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.storage.once import insert_once
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow


def note_model(session: Session, version: str, kind: str, name: str, details: dict[str, Any]) -> None:
    """Write down a model version unless it is known."""
    insert_once(session, ModelVersionRow, [{"version": version, "kind": kind, "name": name, "details": details}])


def note_prompt(session: Session, version: str, locale: str, audience: str, templates: dict[str, str]) -> None:
    """Write down a prompt version, template texts included, unless it is known."""
    row = {"version": version, "locale": locale, "audience": audience, "templates": templates}
    insert_once(session, PromptVersionRow, [row])


def model_versions(session: Session, kind: str) -> list[ModelVersionRow]:
    """Return every version of a kind that was fitted here or that explanations refer to, newest first."""
    query = select(ModelVersionRow).where(ModelVersionRow.kind == kind)
    return list(session.scalars(query.order_by(ModelVersionRow.created_at.desc(), ModelVersionRow.version)))
