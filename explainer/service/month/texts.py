"""What was written in a month: how much, by whom, and what the gate held back."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import ColumnElement, distinct, func, select, true
from sqlalchemy.orm import Session

from explainer.service.month.calendar import Month
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.portable import before_colon, texts_in, utc_day
from explainer.storage.reading_tables import RevisionRow
from explainer.writing.texts import MODEL, TEMPLATE

_ALWAYS = true()
NO_MODEL = "template"
"""The writer's version where no language model is loaded: its texts are no fallbacks."""


class Written(msgspec.Struct, frozen=True):
    """Explanations of a day by a writer.

    Attributes:
        day: UTC.
        writer: The writer's version; ``template`` where no language model was loaded.
        model: Texts of the model,
        template: and of templates.
    """

    day: date
    writer: str
    model: int
    template: int


class Texts(msgspec.Struct, frozen=True):
    """Explanations of a month.

    Attributes:
        explanations: How many were made,
        users: for how many different users.
        by_day: By day and writer.
        rules: Rule of the gate → explanations with a draft that broke it, most frequent first.
        held_back: Explanations with any such draft.
        readers: Language and reader, as ``en/customer`` → explanations.
        later: Texts that the model wrote after a template's had been shown.
    """

    explanations: int
    users: int
    by_day: list[Written]
    rules: dict[str, int]
    held_back: int
    readers: dict[str, int]
    later: int

    @property
    def asked(self) -> int:
        """Explanations for which a model was there to write."""
        return sum(one.model + one.template for one in self.by_day if one.writer != NO_MODEL)

    @property
    def fallbacks(self) -> int:
        """Those of them that a template wrote all the same."""
        return sum(one.template for one in self.by_day if one.writer != NO_MODEL)


def made_in(month: Month) -> list[ColumnElement[bool]]:
    """Return what makes an explanation one of a month."""
    return [ExplanationRow.created_at >= month.since, ExplanationRow.created_at < month.until]


def count_texts(session: Session, month: Month) -> Texts:
    """Return what was written in a month."""
    mine = made_in(month)
    total, users = session.execute(
        select(func.count(), func.count(distinct(ExplanationRow.user_id))).select_from(ExplanationRow).where(*mine)
    ).one()
    readers = select(ExplanationRow.locale, ExplanationRow.audience, func.count()).where(*mine)
    grouped = readers.group_by(ExplanationRow.locale, ExplanationRow.audience).order_by(func.count().desc())
    rules, held_back = _held_back(session, month)
    later = select(func.count()).select_from(RevisionRow).where(
        RevisionRow.created_at >= month.since, RevisionRow.created_at < month.until, RevisionRow.source == MODEL
    )  # fmt: skip
    return Texts(
        explanations=total,
        users=users,
        by_day=_by_day(session, month),
        rules=rules,
        held_back=held_back,
        readers={f"{locale}/{audience}": n for locale, audience, n in session.execute(grouped)},
        later=session.scalar(later) or 0,
    )


def _by_day(session: Session, month: Month) -> list[Written]:
    day, writer = utc_day(ExplanationRow.created_at).label("day"), ExplanationRow.writer_version
    query = select(day, writer, ExplanationRow.source, func.count()).where(*made_in(month))
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for when, version, source, n in session.execute(query.group_by(day, writer, ExplanationRow.source)):
        counts.setdefault((when, version), {})[source] = n
    return [
        Written(date.fromisoformat(when), version, found.get(MODEL, 0), found.get(TEMPLATE, 0))
        for (when, version), found in sorted(counts.items())
    ]


def _held_back(session: Session, month: Month) -> tuple[dict[str, int], int]:
    dialect = session.get_bind().dialect.name
    failure = texts_in(ExplanationRow.gate_failures, dialect)
    rule = before_colon(failure.c.value, dialect).label("rule")
    query = select(rule, func.count(distinct(ExplanationRow.id))).select_from(ExplanationRow).join(failure, _ALWAYS)
    counts = session.execute(query.where(*made_in(month)).group_by(rule))
    found = {str(name).strip(): n for name, n in counts}
    any_rule = select(func.count(distinct(ExplanationRow.id))).select_from(ExplanationRow).join(failure, _ALWAYS)
    rules = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return rules, session.scalar(any_rule.where(*made_in(month))) or 0
