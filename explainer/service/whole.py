"""Looks at explanations whole, as they are stored: nothing is masked for auditors, and what they saw is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import msgspec
from sqlalchemy.orm import Session

from explainer.evidence.firewall import PrivateWords
from explainer.service.masking import private_then, sensitive_behaviours
from explainer.service.views import Looker, note_look
from explainer.storage.explanation_tables import ExplanationRow


def note_looks(
    session: Session, looker: Looker, rows: Sequence[ExplanationRow], what: str, private_words: PrivateWords
) -> None:
    """Record that somebody saw explanations of several customers: one look at each customer's."""
    for user in dict.fromkeys(row.user_id for row in rows):
        note_look(session, looker, user, what, sensitive=_any_tells(session, user, rows, private_words))


def note_record(session: Session, looker: Looker, row: ExplanationRow, what: str, private_words: PrivateWords) -> None:
    """Record that somebody saw one explanation."""
    is_told = _any_tells(session, row.user_id, [row], private_words)
    note_look(session, looker, row.user_id, what, row.id, sensitive=is_told)


def _any_tells(session: Session, user: str, rows: Sequence[ExplanationRow], private_words: PrivateWords) -> bool:
    """Return whether an explanation of the user's names anything that is masked for those without a case."""
    private = sensitive_behaviours(session, user)
    return any(_tells(row, private | private_then(row), private_words) for row in rows if row.user_id == user)


def _tells(row: ExplanationRow, private: frozenset[str], private_words: PrivateWords) -> bool:
    said = "\n".join(f"{cited.title}\n{cited.reasons}" for cited in row.evidence)
    return _names_any(row, private) or private_words.are_in(said)


def _names_any(row: ExplanationRow, private: frozenset[str]) -> bool:
    """Look for ids; one that was altered may be no record any more, yet is seen: there they may be part of any word."""
    named = [row.contributions, *([cited.behaviour_id, cited.merged] for cited in row.evidence)]
    try:
        contributions = msgspec.convert(row.contributions, dict[str, float])
        merged = msgspec.convert([cited.merged for cited in row.evidence], list[list[str]])
    except msgspec.ValidationError:
        return any(one in str(named) for one in private)
    return not private.isdisjoint({*contributions, *(e.behaviour_id for e in row.evidence), *chain(*merged)})
