"""Versions of models and prompts, written down before the first explanation refers to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from explainer.storage.tables import ModelVersionRow, PromptVersionRow


def note_model(session: Session, version: str, kind: str, name: str, details: dict[str, Any]) -> None:
    """Write down a model version unless it is known."""
    if session.get(ModelVersionRow, version) is None:
        session.add(ModelVersionRow(version=version, kind=kind, name=name, details=details))
        session.flush()


def note_prompt(session: Session, version: str, locale: str, audience: str, templates: dict[str, str]) -> None:
    """Write down a prompt version, template texts included, unless it is known."""
    if session.get(PromptVersionRow, version) is None:
        session.add(PromptVersionRow(version=version, locale=locale, audience=audience, templates=templates))
        session.flush()
