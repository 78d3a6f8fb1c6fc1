"""Whether a user wants personal recommendations; each change audited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from explainer.audit import log
from explainer.storage.choice_tables import UserSettingsRow
from explainer.storage.choices import switch
from explainer.storage.database import Database
from explainer.storage.erasing import keep_from_erasure


class UserSettings(msgspec.Struct, frozen=True):
    """What a user has chosen.

    Attributes:
        user: Who.
        personalised: Whether what they did may be used; else they get what is popular, and the texts say so.
        changed_at: Since when; None if they never said.
    """

    user: str
    personalised: bool
    changed_at: datetime | None


def settings_of(database: Database, user: str) -> UserSettings:
    """Return what the user has chosen; without a word from them, recommendations are personal."""
    with database.session() as session:
        row = session.get(UserSettingsRow, user)
    return UserSettings(user, row is None or row.personalised, None if row is None else row.changed_at)


def set_personalised(database: Database, user: str, *, personalised: bool) -> UserSettings:
    """Switch personal recommendations on or off; a second time changes nothing."""
    with database.session() as session:
        keep_from_erasure(session, [user])
        row = switch(session, user, personalised=personalised)
        if row is not None:
            log.append(session, "settings.changed", row.id, settings_record(row), [user])
    return settings_of(database, user)


def settings_record(row: UserSettingsRow) -> dict[str, Any]:
    """Return what the audit entry is about: its random id keeps the digest from being guessed."""
    return {
        "id": row.id,
        "user": row.user_id,
        "personalised": row.personalised,
        "changed_at": row.changed_at.isoformat(),
    }
