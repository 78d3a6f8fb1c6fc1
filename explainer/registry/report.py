"""Two prompt versions compared by what was stored: how their drafts fare at the gate, and how the texts read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from explainer.registry.proportions import Difference, difference
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.style import Style
from explainer.writing.texts import LOST, MODEL, TEMPLATE

_CHUNK = 1000
_COLUMNS = (
    ExplanationRow.user_id,
    ExplanationRow.source,
    ExplanationRow.draft,
    ExplanationRow.text,
    ExplanationRow.gate_failures,
    ExplanationRow.prompt_hash,
    ExplanationRow.writer_version,
)


class Side(msgspec.Struct, frozen=True):
    """How one version did.

    Attributes:
        explanations: Stored explanations written with it.
        users: Different people among their readers.
        drafts: Different prompts that a model wrote for. Equal prompts share one draft, so each counts once.
        first_pass: How many of them passed the gate at once.
        passed: How many passed at once or at another try.
        fallbacks: Explanations whose text is the template's.
        failures: Rule of the gate → how many of the drafts broke it, most frequent first.
        distinct: Different sentences, slots unfilled.
        mean_length: Mean characters of a text.
    """

    version: str
    explanations: int
    users: int
    drafts: int
    first_pass: int
    passed: int
    fallbacks: int
    failures: dict[str, int]
    distinct: int
    mean_length: float | None


class PromptReport(msgspec.Struct, frozen=True):
    """Two versions side by side.

    Attributes:
        since: From when on explanations are counted; None counts all.
        until: Up to when; None counts up to now.
        first_pass: Difference (second less first) of the shares of drafts that passed at once.
        after_retry: The same for those that passed at once or at another try.
    """

    locale: str
    audience: str
    since: datetime | None
    until: datetime | None
    first: Side
    second: Side
    first_pass: Difference | None
    after_retry: Difference | None


def compare_versions(
    session: Session,
    first: str,
    second: str,
    style: Style,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PromptReport:
    """Return the comparison of two versions over the stored explanations of a style."""
    a, b = (_side(version, _rows(session, version, style, since, until)) for version in (first, second))
    return PromptReport(
        locale=style.locale,
        audience=style.audience,
        since=since,
        until=until,
        first=a,
        second=b,
        first_pass=difference(a.first_pass, a.drafts, b.first_pass, b.drafts),
        after_retry=difference(a.passed, a.drafts, b.passed, b.drafts),
    )


_Row = Row[str, str, str, str, list[Any], str, str]


def _rows(
    session: Session, version: str, style: Style, since: datetime | None, until: datetime | None
) -> Iterable[_Row]:
    query = select(*_COLUMNS).where(
        ExplanationRow.prompt_version == version,
        ExplanationRow.locale == style.locale,
        ExplanationRow.audience == style.audience,
    )
    if since is not None:
        query = query.where(ExplanationRow.created_at >= since)
    if until is not None:
        query = query.where(ExplanationRow.created_at < until)
    return session.execute(query.order_by(ExplanationRow.created_at).execution_options(yield_per=_CHUNK))


def _side(version: str, rows: Iterable[_Row]) -> Side:
    users, sentences = set[str](), set[str]()
    drafts: dict[tuple[str, str], tuple[bool, list[str]]] = {}
    number = fallbacks = length = 0
    for user, source, draft, text, failures, prompt_hash, writer in rows:
        number += 1
        length += len(text)
        fallbacks += source == TEMPLATE
        users.add(user)
        sentences.add(draft)
        rules = [failure.split(":")[0] for failure in failures]
        if prompt_hash and LOST not in rules:
            drafts.setdefault((prompt_hash, writer), (source == MODEL, rules))
    return Side(
        version=version,
        explanations=number,
        users=len(users),
        drafts=len(drafts),
        first_pass=sum(passed and not rules for passed, rules in drafts.values()),
        passed=sum(passed for passed, _ in drafts.values()),
        fallbacks=fallbacks,
        failures=dict(Counter(rule for _, rules in drafts.values() for rule in set(rules)).most_common()),
        distinct=len(sentences),
        mean_length=length / number if number else None,
    )
