"""Whether an answer that is asked for would tell of a private life."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from explainer.pipeline import Explainer
from explainer.service.masking import sensitive_behaviours
from explainer.storage.private import private_among


def tells_of(session: Session, user: str, names: Sequence[str]) -> bool:
    """Return whether an answer about a user and these may tell that they met something private.

    Args:
        session: Open session.
        user: About whom.
        names: Ids of items, or of the user's behaviours.
    """
    return bool(private_among(session, names)) or not sensitive_behaviours(session, user).isdisjoint(names)


def rests_on_private(explainer: Explainer, user: str, names: Sequence[str]) -> bool:
    """Return whether the user's list without these would rest on what is private alone.

    Args:
        explainer: The pipeline.
        user: Whose list.
        names: What is left out: ids of items, or of the user's behaviours.
    """
    left = {b.id for b in explainer.history(user).behaviours if not {b.id, b.item}.intersection(names)}
    with explainer.database.session() as session:
        return bool(left) and left <= sensitive_behaviours(session, user)
