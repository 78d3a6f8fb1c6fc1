"""What a page says of one cited behaviour: what was done, when, and what links it to the item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from explainer.evidence import CloseInMeaning, CoOccurrence, Reason, SameCreator, SameSeries, SharedAspect
from explainer.server.words import Words
from explainer.storage.explanation_tables import EvidenceRow
from explainer.view import CitedView
from explainer.writing.glossary import spoken
from explainer.writing.prompts import DomainWords
from retriever.data import AspectSource, BehaviourKind

_SEPARATOR = " · "


def note(evidence: EvidenceRow | CitedView, value: str | None, speech: DomainWords, words: Words) -> str:
    """Return the note.

    Args:
        evidence: The behaviour.
        value: The rating as the text shows it, when there is one.
        speech: How the domain speaks.
        words: Of the page.
    """
    did = speech.verbs[BehaviourKind(evidence.kind)]
    parts = [words("card.did", did=did, value=value) if value else did]
    if evidence.time is not None:
        parts.append(words.date(datetime.fromtimestamp(evidence.time, UTC)))
    parts += _links(msgspec.convert(evidence.reasons, list[Reason]), speech, words)
    if evidence.merged:
        parts.append(words.count("card.merged", len(evidence.merged)))
    return _SEPARATOR.join(parts)


def _links(reasons: Sequence[Reason], speech: DomainWords, words: Words) -> Iterator[str]:
    """Yield what links it to the item, what says most first."""
    for reason in reasons:
        if isinstance(reason, SameSeries):
            yield words("card.series", series=reason.series)
        if isinstance(reason, SameCreator):
            yield words("card.creator", creator=reason.creator)
    aspects = [_aspect(reason, words) for reason in reasons if isinstance(reason, SharedAspect)]
    if aspects:
        yield words("card.shares", aspects=words("card.comma").join(aspects))
    for reason in reasons:
        if isinstance(reason, CoOccurrence):
            yield words("card.people", n=reason.n, m=reason.m, did=speech.verbs[reason.kind])
        if isinstance(reason, CloseInMeaning):
            yield words("card.close")


def _aspect(shared: SharedAspect, words: Words) -> str:
    aspect = spoken(shared.aspect, words.locale)
    if shared.source is AspectSource.TITLE:
        return words("card.from_titles", aspect=aspect)
    return words("card.from_texts", aspect=aspect) if shared.source is AspectSource.TEXT else aspect
