"""What a stored record is to whoever asks: masked, blanked or whole, and put on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy.orm import Session

from explainer.evidence.firewall import PrivateWords
from explainer.service.masking import (
    MASK,
    Mask,
    counterfactual_as_one,
    sensitive_behaviours,
    sensitive_by,
    sensitive_in,
)
from explainer.service.unnamed import NOT_SHOWN, for_customer, words_in
from explainer.service.views import Looker, note_look
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.later import Later, Suppression, later_of
from explainer.view import (
    CounterfactualView,
    ExplanationView,
    RevisionView,
    counterfactual_of,
    explanation_view,
    revision_view,
)
from explainer.writing.texts import MODEL, TEMPLATE

T = TypeVar("T", bound=msgspec.Struct)
_LABELS = {"en": "AI-written", "zh": "AI 生成"}
_NOTICES = {"en": "The reason for this one was withdrawn.", "zh": "此条推荐理由已撤回。"}


class Suppressed(msgspec.Struct, frozen=True):
    """That a text is not shown any more.

    Attributes:
        at: Since when.
        reason: Why, as whoever suppressed it said; to staff, since they say it among themselves, of what they may see.
        notice: What a customer reads in its place, in the language of the text.
    """

    at: datetime
    reason: str
    notice: str


class AiLabel(msgspec.Struct, frozen=True):
    """Whether a machine wrote the newest text, and what to put beside it then (EU AI Act, Art. 50)."""

    generated: bool
    label: str | None


class MadeBy(msgspec.Struct, frozen=True):
    """What wrote the first text: empty hashes where it was a template, be it that the model could not write.

    Attributes:
        engine: Its name; ``template`` for those.
        model: Hash of the base model's weights.
        adapter: Hash of the adapter's.
    """

    engine: str
    model: str
    adapter: str


class ShownExplanation(ExplanationView, frozen=True, kw_only=True, omit_defaults=True):
    """One explanation as stored, what came after it, and what was kept from whoever asked.

    Attributes:
        surface: Where it was to be shown.
        current: The newest text; ``text`` is the first, as it was shown.
        revision: Its number, from 1.
        revisions: The later texts, oldest first.
        pending: Whether a better text is awaited: read again, or listen to ``/events``.
        ai: Whether a machine wrote the newest text.
        made_by: Engine, model and adapter that wrote ``text``; what was in use then is ``versions.writer``.
        masked: How many sensitive behaviours are shown as "•••".
        not_shown: To a shop's program: what stands behind "•••", in words for the customer; all sensitive behaviours
            are one there.
        suppressed: Set when no text is shown to customers any more; a shop's program then gets empty ones.
    """

    surface: str
    current: str
    revision: int
    revisions: list[RevisionView]
    pending: bool
    ai: AiLabel
    made_by: MadeBy
    masked: int = 0
    not_shown: str = ""
    suppressed: Suppressed | None = None


class ShownCounterfactual(CounterfactualView, frozen=True, kw_only=True, omit_defaults=True):
    """What would have kept the item out; ``masked`` says how many sensitive behaviours are shown as "•••"."""

    masked: int = 0


def shown_to(
    session: Session,
    looker: Looker,
    row: ExplanationRow,
    later: Later,
    private_words: PrivateWords,
    what: str = "explanation",
    *,
    recorded: bool = True,
) -> ShownExplanation:
    """Return a stored explanation as it is to whoever asks, and record that they saw it.

    Args:
        session: Open session; what is recorded is committed with it.
        looker: Who asks.
        row: The explanation.
        later: What came after it.
        private_words: What tells of a private life in words.
        what: What they look at.
        recorded: Whether this is a look of its own; False while the same one goes on.
    """
    sensitive = sensitive_in(session, row, private_words)
    if looker.is_app:
        view = for_customer(explanation_view(row), sensitive)
        return _shown(row, view, later, looker)
    view, count = _masked(row, sensitive, looker)
    if recorded:
        note_look(session, looker, row.user_id, what, row.id, sensitive=count > 0)
    return _shown(row, view, later, looker, 0 if looker.sees_sensitive else count)


def all_shown_to(
    session: Session,
    looker: Looker,
    rows: Sequence[ExplanationRow],
    private_words: PrivateWords,
    what: str = "explanations",
    *,
    sensitive: bool = False,
) -> list[ShownExplanation]:
    """Return stored explanations as they are to whoever asks; record one look at each user's.

    Those that were removed meanwhile are left out.

    Args:
        session: Open session; what is recorded is committed with it.
        looker: Who asks.
        rows: The explanations.
        private_words: What tells of a private life in words.
        what: What they look at.
        sensitive: Whether it tells of a private life that there are these, whatever is in them.
    """
    later = later_of(session, rows)
    rows = [row for row in rows if row.id in later]
    users = dict.fromkeys(row.user_id for row in rows)
    hidden = {user: sensitive_behaviours(session.connection(), user) for user in users}
    views, seen = [], dict.fromkeys(users, 0)
    for row in rows:
        view, count = _masked(row, hidden[row.user_id] | sensitive_by(row, private_words), looker)
        seen[row.user_id] += count
        views.append(_shown(row, view, later[row.id], looker, 0 if looker.sees_sensitive else count))
    for user, count in seen.items():
        note_look(session, looker, user, what, sensitive=sensitive or count > 0)
    return views


def counterfactual_shown_to(
    session: Session, looker: Looker, row: ExplanationRow, private_words: PrivateWords
) -> ShownCounterfactual | None:
    """Return an explanation's counterfactual as it is to whoever asks, recorded; None where it has none."""
    found = counterfactual_of(row)
    if found is None:
        return None
    sensitive = sensitive_in(session, row, private_words)
    if looker.is_app:
        return with_count(ShownCounterfactual, counterfactual_as_one(found, sensitive))
    mask = Mask(sensitive)
    masked = mask.counterfactual(found)
    note_look(session, looker, row.user_id, "counterfactual", row.id, sensitive=mask.count > 0)
    return (
        with_count(ShownCounterfactual, found)
        if looker.sees_sensitive
        else with_count(ShownCounterfactual, masked, mask.count)
    )


def picture_shown_to(
    session: Session,
    looker: Looker,
    row: ExplanationRow,
    private_words: PrivateWords,
    what: str = "picture",
    *,
    sensitive: bool = False,
) -> frozenset[str]:
    """Return the behaviours that must not be named to whoever sees an explanation, and record that they saw it.

    Args:
        session: Open session; what is recorded is committed with it.
        looker: Who looks.
        row: The explanation.
        private_words: What tells of a private life in words.
        what: What they look at.
        sensitive: Whether there is something besides which not everybody sees.
    """
    if looker.is_app:
        return frozenset()
    mask = Mask(sensitive_in(session, row, private_words))
    mask.explanation(explanation_view(row))
    note_look(session, looker, row.user_id, what, row.id, sensitive=sensitive or mask.count > 0)
    return frozenset() if looker.sees_sensitive else frozenset(mask.names)


def tells_privately(session: Session, row: ExplanationRow, private_words: PrivateWords) -> bool:
    """Return whether there is anything in an explanation that tells of a private life."""
    mask = Mask(sensitive_in(session, row, private_words))
    mask.explanation(explanation_view(row))
    return mask.count > 0


def _masked(row: ExplanationRow, sensitive: frozenset[str], looker: Looker) -> tuple[ExplanationView, int]:
    """Return the view for whoever asks, and how many sensitive behaviours are in it, masked or not."""
    view, mask = explanation_view(row), Mask(sensitive)
    if looker.is_app:
        return for_customer(view, sensitive), 0
    masked = mask.explanation(view)
    return view if looker.sees_sensitive else masked, mask.count


def _shown(
    row: ExplanationRow, view: ExplanationView, later: Later, looker: Looker, masked: int = 0
) -> ShownExplanation:
    """Return the view with what came after it; texts that are masked or suppressed stay so in every revision."""
    revisions = [revision_view(revision) for revision in later.revisions]
    is_replaced = view.text != row.text
    if is_replaced:
        cut = {"text": view.text, "gate_failures": [], "prompt_hash": ""}
        revisions = [msgspec.structs.replace(revision, **cut) for revision in revisions]
    mark = _mark(later.suppression, row.locale, "" if looker.is_app else MASK if is_replaced else None)
    if mark is not None and looker.is_app:
        view = msgspec.structs.replace(view, text="")
        revisions = [msgspec.structs.replace(revision, text="") for revision in revisions]
    newest = revisions[-1] if revisions else view
    generated = newest.source == MODEL and not (is_replaced and looker.is_app)
    is_summed = looker.is_app and MASK in view.contributions
    return ShownExplanation(
        **{name: getattr(view, name) for name in view.__struct_fields__},
        surface=(row.asked or {}).get("surface", ""),
        current=newest.text,
        revision=1 + len(revisions),
        revisions=revisions,
        pending=later.pending,
        ai=AiLabel(generated, _LABELS.get(row.locale, _LABELS["en"]) if generated else None),
        made_by=_made_by(row, later),
        masked=masked,
        not_shown=words_in(NOT_SHOWN, row.locale) if is_summed else "",
        suppressed=mark,
    )


def _made_by(row: ExplanationRow, later: Later) -> MadeBy:
    if row.source != MODEL:
        return MadeBy(TEMPLATE, "", "")
    return MadeBy(later.writer, later.details.get("model_hash", ""), later.details.get("adapter_hash", ""))


def _mark(suppression: Suppression | None, locale: str, stand_in: str | None) -> Suppressed | None:
    """Return the mark of a text that was taken back, perhaps with something in place of the reason that staff wrote."""
    if suppression is None:
        return None
    reason = suppression.reason if stand_in is None else stand_in
    return Suppressed(suppression.at, reason, _NOTICES.get(locale, _NOTICES["en"]))


def with_count(kind: type[T], record: msgspec.Struct, masked: int = 0) -> T:
    """Return the record with what was masked of it beside it."""
    return kind(**{name: getattr(record, name) for name in record.__struct_fields__}, masked=masked)
