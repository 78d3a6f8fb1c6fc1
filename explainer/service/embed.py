"""What a customer may see of an explanation on a shop's page, and what they may say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from babel.dates import format_skeleton
from babel.numbers import format_percent
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.access.embed_secrets import embed_secrets
from explainer.access.embed_tokens import EmbedToken, make_token
from explainer.audit.staff import on_record
from explainer.errors import ConflictError, NotFoundError
from explainer.pipeline import Explainer
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.masking import sensitive_in
from explainer.service.unnamed import NO_TEXT, private_share, words_in
from explainer.storage.base import now
from explainer.storage.catalogue import dataset_row
from explainer.storage.database import Database
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow, FeedbackRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.writing.ago import ago
from explainer.writing.prompts import DomainWords
from explainer.writing.slots import SLOT, display_title, rating_text
from explainer.writing.style import CUSTOMER, Style
from explainer.writing.texts import MODEL
from retriever.data import BehaviourKind

EMBED = "embed.js"
"""Through what feedback from a shop's page came; whose it is we do not know."""
CustomerVerdict = Literal["helpful", "wrong", "offensive"]
_LABELS = {
    "en": {
        "model": "Written by AI, with facts from your own activity",
        "template": "Standard wording, not written by AI",
    },
    "zh": {"model": "由 AI 撰写，事实来自您自己的记录", "template": "固定格式的说明，非 AI 撰写"},
}
_NOT_SHOWN = {
    "en": (
        "{share} comes from an interest you have chosen not to show.",
        "An interest you have chosen not to show spoke against it ({share}).",
    ),
    "zh": ("{share} 来自您选择不显示的一项兴趣。", "您选择不显示的一项兴趣对它不利（{share}）。"),
}
_GONE = {"en": "There is no explanation to show for this recommendation.", "zh": "这条推荐暂无可显示的说明。"}
_DID = {"en": "You {} it", "zh": "您{}"}
_GAVE = {"en": "You gave it {}", "zh": "您打了 {}"}


class EmbeddedBehaviour(msgspec.Struct, frozen=True):
    """Something the customer did that the recommendation rests on.

    Attributes:
        title: Of what.
        did: What they did with it, in words.
        when: When, in words; empty where it is not known.
    """

    title: str
    did: str
    when: str


class EmbeddedExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer sees.

    Attributes:
        sentence: Why the item was recommended; null where it is not shown any more.
        sentence_locale: Its language.
        source: ``model`` when the language model wrote it, ``template`` when it did not; null without a sentence.
        label: The same in words; or that there is nothing to show.
        behaviours: What it rests on.
        not_shown: What the customer has chosen not to show did to the ranking, all of it as one, in words; left out
            where that is nothing.
    """

    sentence: str | None
    sentence_locale: str
    source: Literal["model", "template"] | None
    label: str
    behaviours: list[EmbeddedBehaviour]
    not_shown: str = ""


def embed_token(database: Database, explanation_id: str, lifetime: timedelta, at: datetime | None = None) -> EmbedToken:
    """Return a token with which a browser may see one explanation.

    Raises:
        NotFoundError: If there is no such explanation for customers.
    """
    with database.session() as session:
        _for_customers(session, explanation_id)
    moment = at or now()
    return make_token(embed_secrets(database, moment)[0], explanation_id, lifetime, moment)


def embedded(explainer: Explainer, explanation_id: str, style: Style) -> EmbeddedExplanation:
    """Return what a customer may see; times are told as of now.

    Args:
        explainer: The pipeline.
        explanation_id: Which one.
        style: Language of everything but the sentence, which stays as it was written.

    Raises:
        NotFoundError: If there is no such explanation for customers.
    """
    with explainer.database.session() as session:
        row = _for_customers(session, explanation_id)
        if session.get(SuppressionRow, explanation_id) is not None:
            return EmbeddedExplanation(None, row.locale, None, _GONE[style.locale], [])
        shown, high = _newest(session, row), dataset_row(session).value_high
        private = sensitive_in(session, row, explainer.firewall.words)
    words = explainer.writer.prompts.for_user(row.user_id, style).words(explainer.domain, locale=style.locale)
    named = set(SLOT.findall(shown.draft))
    cited = [e for e in row.evidence if e.behaviour_id not in private]
    is_whole = len(cited) == len(row.evidence)
    told = [e for e in cited if e.contribution > 0 or e.slot in named]
    effect = _effect(private_share(row.contributions, private), style.locale)
    source: Literal["model", "template"] = "model" if shown.source == MODEL and is_whole else "template"
    text = shown.text if is_whole else words_in(NO_TEXT, row.locale)
    behaviours = [_behaviour(e, words, high, style.locale) for e in sorted(told, key=lambda e: -e.share)]
    return EmbeddedExplanation(text, row.locale, source, _LABELS[style.locale][source], behaviours, effect)


def judge_embedded(database: Database, explanation_id: str, kind: CustomerVerdict) -> None:
    """Keep what a customer says of an explanation; saying the same again changes nothing.

    Raises:
        NotFoundError: If there is no such explanation for customers.
        ConflictError: If it is not shown any more.
    """
    with database.session() as session:
        _for_customers(session, explanation_id)
        if session.get(SuppressionRow, explanation_id) is not None:
            raise ConflictError("This explanation is not shown any more, so there is nothing to judge.")
        same = select(FeedbackRow.id).where(FeedbackRow.explanation_id == explanation_id)
        # Under our own name itself, too: what was said before names stood in records by ids.
        ours = FeedbackRow.given_by.in_([on_record(session, EMBED), EMBED])
        said = session.scalar(same.where(ours, FeedbackRow.kind == kind).limit(1))
    if said is None:
        give_feedback(database, explanation_id, FeedbackKind(kind), "", EMBED)


def _effect(share: float, locale: str) -> str:
    """Return what is not shown did, in words; empty where that is nothing."""
    if not share:
        return ""
    return _NOT_SHOWN[locale][share < 0].format(share=format_percent(abs(share), format="#,##0%", locale=locale))


def _for_customers(session: Session, explanation_id: str) -> ExplanationRow:
    row = get_explanation(session, explanation_id)
    if row.audience != CUSTOMER:
        raise NotFoundError(f"There is no explanation {explanation_id!r} for customers.")
    return row


def _newest(session: Session, row: ExplanationRow) -> ExplanationRow | RevisionRow:
    later = select(RevisionRow).where(RevisionRow.explanation_id == row.id).order_by(RevisionRow.number.desc())
    return session.scalar(later.limit(1)) or row


def _behaviour(evidence: EvidenceRow, words: DomainWords, high: float, locale: str) -> EmbeddedBehaviour:
    kind = BehaviourKind(evidence.kind)
    if kind is BehaviourKind.RATING and evidence.value is not None:
        did = _GAVE[locale].format(rating_text(evidence.value, high, locale))
    else:
        did = _DID[locale].format(words.verbs[kind])
    return EmbeddedBehaviour(display_title(evidence.title), did, _when(evidence.time, locale))


def _when(time: int | None, locale: str) -> str:
    """Return when it was: how long ago, or the month and year where that is long ago."""
    if time is None:
        return ""
    month = format_skeleton("yMMMM", datetime.fromtimestamp(time, UTC), locale=locale)
    return ago(time, int(now().timestamp()), locale) or month
