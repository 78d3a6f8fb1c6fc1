"""One explanation for support: as it was shown, beside today, and a reply to the customer."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.response import Template

from explainer.pipeline import Explainer
from explainer.server.cards import Card, Told, card_of
from explainer.server.causes import is_raised
from explainer.server.language import locale_of
from explainer.server.rendering import page
from explainer.server.support_find import LIMITS, CaseForm, case_here
from explainer.server.words import Words, words_in
from explainer.service.counterfactuals import find_all
from explainer.service.masking import MASK, sensitive_behaviours
from explainer.service.shown import picture_shown_to
from explainer.service.today import today
from explainer.service.views import Looker
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.later import Later, get_with_later
from explainer.storage.private import is_private_item
from explainer.storage.staff import name_of
from explainer.writing.slots import named
from explainer.writing.style import Style


def record_page(
    request: Request[Any, Any, Any],
    explainer: Explainer,
    looker: Looker,
    explanation_id: str,
    refused: str | None = None,
) -> Template:
    """Return the page of an explanation, and record that somebody saw it.

    Args:
        request: What it answers.
        explainer: The pipeline.
        looker: Who looks.
        explanation_id: Id of the explanation.
        refused: A reason for taking it back that is none.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    private_words = explainer.firewall.words
    with explainer.database.session() as session:
        row, later = get_with_later(session, explanation_id)
        # Where a private item stands today says whether they have met it since.
        telling = is_private_item(session, row.item_id)
        masked = picture_shown_to(session, looker, row, private_words, "support page", sensitive=telling)
        # Today's text may rest on what the record does not have.
        taken_back = None if later.suppression is None else name_of(session, later.suppression.by)
        hidden = masked if looker.sees_sensitive else masked | sensitive_behaviours(session, row.user_id)
    find_all(explainer, [row])
    words = words_in(locale_of(request))
    speech = explainer.writer.prompts.for_user(row.user_id, Style(words.locale))
    titles = explainer.titles(row.user_id) | dict.fromkeys(hidden, MASK)
    told = Told(words, speech.words(explainer.domain, locale=words.locale), explainer.domain, titles, hidden)
    is_kept_back = telling and not looker.sees_sensitive
    card, now = card_of(row, told, later), None if is_kept_back else today(explainer, row)
    return page(
        request,
        "support/record.html",
        status_code=200 if refused is None else 400,
        row=row,
        later=later,
        taken_back_by=taken_back,
        card=card,
        today=now,
        today_masked=now is not None and bool(now.causes & hidden),
        masked=len(masked) + is_kept_back,
        looker=looker,
        reply="" if card.masked else _reply(row, card, later, words_in(row.locale), explainer.domain),
        case=case_here(request) if refused is None else CaseForm(back=f"/support/explanations/{row.id}"),
        refused=refused,
        limits=LIMITS,
    )


def _reply(row: ExplanationRow, card: Card, later: Later, words: Words, domain: str) -> str:
    """Return an answer to the customer in the language that they were told it in; what was taken back is not quoted."""
    item = named(row.title, domain, row.locale)
    newest = later.revisions[-1] if later.revisions else row
    if card.withdrawn:
        shown = words("support.reply.withdrawn", item=item)
    else:
        shown = words("support.reply.shown", item=item, date=words.date(newest.created_at), text=card.text)
    paragraphs = [
        words("support.reply.hello"),
        shown,
        _causes(row, card, words, domain),
        words("support.reply.choices"),
        words("support.reply.bye"),
    ]
    return "\n\n".join(paragraphs)


def _causes(row: ExplanationRow, card: Card, words: Words, domain: str) -> str:
    """Return what raised the item; of what is told to nobody, that there is something."""
    if not card.bars:
        return words("card.none_cited" if is_raised(row.contributions) else "support.reply.popular")
    causes = [named(bar.label, domain, row.locale) for bar in card.bars]
    return words("support.reply.causes", causes=words.listed(causes))
