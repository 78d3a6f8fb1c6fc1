"""What customers have chosen. Times are UTC."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from explainer.storage.base import Base, new_id, now


class ExclusionRow(Base):
    """A behaviour that its user does not want to be used; they have met its item all the same.

    Attributes:
        id: Random, for the audit log: no digest that has it in it can be guessed.
    """

    __tablename__ = "exclusions"
    id: Mapped[str] = mapped_column(String(36), default=new_id, unique=True)
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    behaviour_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class UserSettingsRow(Base):
    """What a user has chosen; without a row everything is as usual.

    Attributes:
        id: Random, for the audit log.
    """

    __tablename__ = "user_settings"
    id: Mapped[str] = mapped_column(String(36), default=new_id, unique=True)
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    personalised: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
