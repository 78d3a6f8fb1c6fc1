"""Looks at people's records at the command line, on record as those through pages are."""

from __future__ import annotations

from sqlalchemy.orm import Session

from explainer.access import Caller, Role
from explainer.operator import operator
from explainer.service.views import Looker, note_look


def operating() -> Looker:
    """Return who sits at the command line; there nothing is masked."""
    return Looker(Caller(operator(), Role.AUDITOR, frozenset()))


def looked(session: Session, user: str, what: str, *, sensitive: bool) -> None:
    """Put on record that they looked, before anything is shown; ``sensitive`` says that it tells of a private life."""
    note_look(session, operating(), user, what, sensitive=sensitive)
