"""What lies in a month, for queries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from explainer.service.month.calendar import Month
from explainer.storage.explanation_tables import ExplanationRow


def in_month(
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], month: Month
) -> ColumnElement[bool]:
    """Return whether a moment lies in a month."""
    return (column >= month.since) & (column < month.until)


def made_in(month: Month) -> list[ColumnElement[bool]]:
    """Return what makes an explanation one of a month."""
    return [in_month(ExplanationRow.created_at, month)]
