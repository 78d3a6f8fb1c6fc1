"""What was written in a month: how much, by whom, what the gate held back, and what was kept out for being private."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import distinct, exists, func, select, true
from sqlalchemy.orm import Session

from explainer.service.month.calendar import Month
from explainer.service.month.gate import count_held_back
from explainer.service.month.within import in_month, made_in
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.portable import lists_in, utc_day
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from explainer.storage.revisions import WAITING
from explainer.writing.texts import MODEL, TEMPLATE

_REMNANT = 0.01
"""Of a month with more than this share of its explanations gone, nothing is compared."""
_ALWAYS = true()


class Written(msgspec.Struct, frozen=True):
    """Explanations of a day by a writer.

    Attributes:
        day: UTC.
        writer: The writer's version; ``template`` where no language model was loaded.
        model: Texts of the model as first shown,
        template: and of templates.
        asked: For how many there was a prompt for a model: none for languages and facts that no model was taught.
        fallbacks: Those of them that stayed a template's;
        later: those that were a template's first, and the model wrote a better one behind the answer.
    """

    day: date
    writer: str
    model: int
    template: int
    asked: int
    fallbacks: int
    later: int


class Texts(msgspec.Struct, frozen=True):
    """Explanations of a month.

    Attributes:
        explanations: How many are on record,
        users: for how many different users,
        gone: and how many more the log says were made, which were erased or have had their time.
        by_day: By day and writer.
        rules: Rule of the gate → explanations with a draft that broke it, most frequent first.
        held_back: Explanations with any such draft.
        causes: What else kept drafts from being used → explanations: ``engine_unavailable`` or ``withdrawn``.
        readers: Language and reader, as ``en/customer`` → explanations.
        private: Category → explanations that left something of it out, most frequent first.
        with_private: Explanations that left anything private out.
    """

    explanations: int
    users: int
    gone: int
    by_day: list[Written]
    rules: dict[str, int]
    held_back: int
    causes: dict[str, int]
    readers: dict[str, int]
    private: dict[str, int]
    with_private: int

    @property
    def made(self) -> int:
        """Explanations that were made in the month, on record or not any more."""
        return self.explanations + self.gone

    @property
    def is_remnant(self) -> bool:
        """Whether so many are gone that shares of the others say little."""
        return self.gone > _REMNANT * self.made

    @property
    def asked(self) -> int:
        """Explanations for which a model was to write."""
        return sum(one.asked for one in self.by_day)

    @property
    def fallbacks(self) -> int:
        """Those of them that stayed a template's."""
        return sum(one.fallbacks for one in self.by_day)

    @property
    def later(self) -> int:
        """Those of them that the model wrote after a template's text had been shown."""
        return sum(one.later for one in self.by_day)


def count_texts(session: Session, month: Month) -> Texts:
    """Return what was written in a month."""
    mine = made_in(month)
    total, users = session.execute(
        select(func.count(), func.count(distinct(ExplanationRow.user_id))).select_from(ExplanationRow).where(*mine)
    ).one()
    readers = select(ExplanationRow.locale, ExplanationRow.audience, func.count()).where(*mine)
    grouped = readers.group_by(ExplanationRow.locale, ExplanationRow.audience).order_by(func.count().desc())
    rules, held_back, causes = count_held_back(session, month)
    private, with_private = _private(session, month)
    return Texts(
        explanations=total,
        users=users,
        gone=_gone(session, month),
        by_day=_by_day(session, month),
        rules=rules,
        held_back=held_back,
        causes=causes,
        readers={f"{locale}/{audience}": n for locale, audience, n in session.execute(grouped)},
        private=private,
        with_private=with_private,
    )


def _gone(session: Session, month: Month) -> int:
    there = exists().where(ExplanationRow.id == AuditEntryRow.record_id)
    made = (AuditEntryRow.event == "explanation.created") & in_month(AuditEntryRow.at, month)
    return session.scalar(select(func.count()).select_from(AuditEntryRow).where(made, ~there)) or 0


def _by_day(session: Session, month: Month) -> list[Written]:
    day, writer = utc_day(ExplanationRow.created_at).label("day"), ExplanationRow.writer_version
    source = ExplanationRow.source
    asked = ExplanationRow.prompt_hash != ""
    revision = (RevisionRow.explanation_id == ExplanationRow.id) & (RevisionRow.source == MODEL)
    upgrade = (UpgradeRow.explanation_id == ExplanationRow.id) & (UpgradeRow.state == WAITING)
    missed = asked & (source == TEMPLATE)
    bettered, waits = exists().where(revision), exists().where(upgrade)
    counted = (source == MODEL, source == TEMPLATE, asked, missed & ~bettered & ~waits, missed & bettered)
    query = select(day, writer, *(func.count().filter(one) for one in counted)).where(*made_in(month))
    found = session.execute(query.group_by(day, writer).order_by(day, writer))
    return [Written(date.fromisoformat(when), version, *numbers) for when, version, *numbers in found]


def _private(session: Session, month: Month) -> tuple[dict[str, int], int]:
    lists, listed = lists_in(ExplanationRow.asked.expression, "private", session.get_bind().dialect.name)
    number, category = func.count(distinct(ExplanationRow.id)), listed.c.value
    of = select(number).select_from(ExplanationRow).join(lists, _ALWAYS).join(listed, _ALWAYS).where(*made_in(month))
    found = session.execute(of.add_columns(category).group_by(category).order_by(number.desc(), category))
    return {str(name): n for n, name in found}, session.scalar(of) or 0
