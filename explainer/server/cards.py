"""A stored explanation as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from explainer.evidence import CloseInMeaning, CoOccurrence, Reason, SameCreator, SameSeries, SharedAspect
from explainer.picture import waterfall_of
from explainer.server.causes import deletion, what_if
from explainer.storage.tables import EvidenceRow, ExplanationRow
from explainer.writing.prompts import DomainWords
from explainer.writing.slots import SLOT
from retriever.data import AspectSource, BehaviourKind

_BAR_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture.

    Attributes:
        label: What it stands for.
        note: The rating and the reasons in words.
        percent: Share of all support for the item, 0 to 100; negative for what spoke against it.
        width: Length in picture units, the longest bar being 100.
    """

    label: str
    note: str
    percent: float
    width: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the sentence; titles are set apart so that they can be shown as titles."""

    text: str
    is_title: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One item with its sentence.

    Attributes:
        row: What is stored.
        pieces: The sentence.
        against: A low rating that spoke against it and is told of,
        bars: what raised the item, as far as it is cited,
        rest_percent: and the share of the rest,
        rest_count: of so many behaviours.
        picture: What the waterfall shows, in words.
        what_if: What would have kept the item out of the list.
        deletion: What deleting the cited behaviours does.
    """

    row: ExplanationRow
    pieces: list[Piece]
    against: Bar | None
    bars: list[Bar]
    rest_percent: float
    rest_count: int
    picture: str
    what_if: str
    deletion: str


def card_of(row: ExplanationRow, words: DomainWords, titles: Mapping[str, str]) -> Card:
    """Return the card of a stored explanation, in the words of its domain.

    Args:
        row: The explanation.
        words: How the domain speaks.
        titles: Behaviour id → title of its item.
    """
    told = _bars(row.evidence, row.slots, words)
    bars, against = [bar for bar in told if bar.percent > 0], next((bar for bar in told if bar.percent < 0), None)
    supporting = sum(1 for value in row.contributions.values() if value > 0)
    rest = max(0.0, 100.0 - sum(bar.percent for bar in bars)) if bars else 0.0
    picture = waterfall_of(row, titles)
    words_of_picture = f"{picture.name}. {picture.description}"
    others = max(0, supporting - len(bars))
    return Card(row, _pieces(row), against, bars, rest, others, words_of_picture, what_if(row, titles), deletion(row))


def _pieces(row: ExplanationRow) -> list[Piece]:
    pieces: list[Piece] = []
    position = 0
    for match in SLOT.finditer(row.draft):
        pieces.append(Piece(row.draft[position : match.start()], is_title=False))
        pieces.append(
            Piece(row.slots[match[1]], is_title=match[1] == "item" or match[1] in {e.slot for e in row.evidence})
        )
        position = match.end()
    pieces.append(Piece(row.draft[position:], is_title=False))
    return [piece for piece in pieces if piece.text]


def _bars(evidence: list[EvidenceRow], slots: Mapping[str, str], words: DomainWords) -> list[Bar]:
    longest = max((e.share for e in evidence), default=1.0) or 1.0
    return [
        Bar(
            slots[e.slot],
            _note(e, slots.get(f"{e.slot}.value"), words),
            100 * e.share,
            _BAR_WIDTH * e.share / longest,
        )
        for e in sorted(evidence, key=lambda e: -e.share)
    ]


def _note(evidence: EvidenceRow, value: str | None, words: DomainWords) -> str:
    did = words.verbs[BehaviourKind(evidence.kind)]
    parts = [f"{did} {value}" if value else did]
    if evidence.time is not None:
        parts.append(datetime.fromtimestamp(evidence.time, UTC).strftime("%-d %B %Y"))
    reasons = msgspec.convert(evidence.reasons, list[Reason])
    for reason in reasons:
        if isinstance(reason, SameSeries):
            parts.append(f"same series: {reason.series}")
        if isinstance(reason, SameCreator):
            parts.append(f"also by {reason.creator}")
    aspects = [_aspect(reason) for reason in reasons if isinstance(reason, SharedAspect)]
    if aspects:
        parts.append("shares " + ", ".join(aspects))
    for reason in reasons:
        if isinstance(reason, CoOccurrence):
            did = words.verbs[reason.kind]
            parts.append(f"{reason.n} of {reason.m} people who {did} it also {did} this")
        if isinstance(reason, CloseInMeaning):
            parts.append("close in meaning")
    if evidence.merged:
        parts.append(f"counted together with {len(evidence.merged)} more like it")
    return " · ".join(parts)


def _aspect(shared: SharedAspect) -> str:
    notes = {AspectSource.TITLE: " (from the titles)", AspectSource.TEXT: " (from the descriptions)"}
    return shared.aspect + notes.get(shared.source, "")
