"""What kept a month's texts from being the model's: what the gate held against drafts, and what came before any gate.

Where the first text was a template's and the model wrote behind the answer, what the gate held against its drafts is
with the better text, or with the reason why there is none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, distinct, func, literal, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.service.month.calendar import Month
from explainer.service.month.within import made_in
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.portable import before, parts_of, texts_in
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from explainer.writing.texts import LOST, WITHDRAWN

CAUSES = (LOST, WITHDRAWN)
"""What keeps a draft from being used and is no rule of the gate."""
_ALWAYS = true()


def count_held_back(session: Session, month: Month) -> tuple[dict[str, int], int, dict[str, int]]:
    """Return what the gate held back of a month's texts.

    Returns:
        Rule → explanations with a draft that broke it, most frequent first; explanations with any such draft; and
        cause → explanations that it kept from a draft.
    """
    failure = union_all(*_failures(month, session.get_bind().dialect.name)).subquery()
    is_cause = failure.c.rule.in_(CAUSES)
    each = select(failure.c.rule, func.count(distinct(failure.c.id))).group_by(failure.c.rule)
    found = {str(rule): int(n) for rule, n in session.execute(each)}
    by_number = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    held_back = session.scalar(select(func.count(distinct(failure.c.id))).where(~is_cause)) or 0
    rules = {rule: n for rule, n in by_number if rule not in CAUSES}
    return rules, held_back, {cause: n for cause, n in by_number if cause in CAUSES}


def _failures(month: Month, dialect: str) -> list[Select[Any]]:
    """Return the queries for explanation and rule of each failure."""
    shown = _listed(select(ExplanationRow.id), ExplanationRow.gate_failures, month, dialect)
    better = select(ExplanationRow.id).join(RevisionRow, RevisionRow.explanation_id == ExplanationRow.id)
    kept = select(ExplanationRow.id).join(UpgradeRow, UpgradeRow.explanation_id == ExplanationRow.id)
    # What the engine said when it was lost may have any words in it, and comes last.
    part = parts_of(before(f"{LOST}:", UpgradeRow.reason.expression, dialect), dialect)
    rule = _rule(part.c.value, dialect)
    is_rule = (rule != "") & (rule == func.lower(rule)) & ~rule.contains(" ")  # others are sentences or our errors
    return [
        shown,
        _listed(better, RevisionRow.gate_failures, month, dialect),
        kept.add_columns(rule.label("rule")).join(part, _ALWAYS).where(*made_in(month), is_rule),
        kept.add_columns(literal(LOST).label("rule")).where(*made_in(month), UpgradeRow.reason.contains(f"{LOST}:")),
    ]


def _listed(query: Select[Any], failures: InstrumentedAttribute[list[Any]], month: Month, dialect: str) -> Select[Any]:
    failure = texts_in(failures, dialect)
    return (
        query.add_columns(_rule(failure.c.value, dialect).label("rule")).join(failure, _ALWAYS).where(*made_in(month))
    )


def _rule(failure: ColumnElement[Any], dialect: str) -> ColumnElement[str]:
    return func.trim(before(":", failure, dialect))
