"""An explanation as the API gives it: what was shown, what came after it, and whether a machine wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from explainer.storage.revisions import WAITING, revisions_of, upgrade_states
from explainer.storage.tables import ExplanationRow
from explainer.view import ExplanationView, RevisionView, explanation_view, revision_view
from explainer.writing.texts import MODEL

_LABELS: Mapping[str, str] = {"en": "AI-written", "zh": "AI 生成"}


class AiLabel(msgspec.Struct, frozen=True):
    """Whether a machine wrote the newest text, and what to put beside it then (EU AI Act, Art. 50)."""

    generated: bool
    label: str | None


class Shown(ExplanationView, frozen=True, kw_only=True):
    """One explanation: ``text`` is the first, as it was shown; later ones are revisions, and both are kept.

    Attributes:
        surface: Where it was to be shown.
        current: The newest text.
        revision: Its number, from 1.
        revisions: The later texts, oldest first.
        pending: Whether a better text is awaited: read again, or listen to ``/events``.
        ai: Whether a machine wrote the newest text.
    """

    surface: str
    current: str
    revision: int
    revisions: list[RevisionView]
    pending: bool
    ai: AiLabel


class Explanations(msgspec.Struct, frozen=True):
    """The stored explanations, in the order asked for."""

    explanations: list[Shown]


class ExplanationPage(msgspec.Struct, frozen=True):
    """Some explanations, newest first; ``next`` is the cursor of the following page, None after the last."""

    explanations: list[Shown]
    next: str | None


def shown(session: Session, rows: Sequence[ExplanationRow]) -> list[Shown]:
    """Return explanations with what came after them."""
    ids = [row.id for row in rows]
    revisions, states = revisions_of(session, ids), upgrade_states(session, ids)
    found = {row.id: [revision_view(revision) for revision in revisions.get(row.id, [])] for row in rows}
    return [_shown(row, found[row.id], pending=states.get(row.id) == WAITING) for row in rows]


def _shown(row: ExplanationRow, revisions: list[RevisionView], *, pending: bool) -> Shown:
    view = explanation_view(row)
    source = revisions[-1].source if revisions else row.source
    return Shown(
        **{name: getattr(view, name) for name in view.__struct_fields__},
        surface=(row.asked or {}).get("surface", ""),
        current=revisions[-1].text if revisions else row.text,
        revision=1 + len(revisions),
        revisions=revisions,
        pending=pending,
        ai=AiLabel(source == MODEL, _LABELS.get(row.locale, _LABELS["en"]) if source == MODEL else None),
    )
