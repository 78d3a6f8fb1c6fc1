"""A stored explanation as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explainer.picture import waterfall_of
from explainer.server.causes import deletion, what_if
from explainer.server.notes import note
from explainer.server.words import Words
from explainer.storage.tables import EvidenceRow, ExplanationRow
from explainer.writing.prompts import DomainWords
from explainer.writing.slots import SLOT, spaced

_BAR_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Told:
    """How a page tells of explanations.

    Attributes:
        words: Of the page, in its language.
        speech: How the domain speaks in that language.
        domain: Of the catalogue.
        titles: Behaviour id → title of its item.
    """

    words: Words
    speech: DomainWords
    domain: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture.

    Attributes:
        item: Id of the item that the behaviour is about.
        label: Its title.
        note: The rating and the reasons in words.
        share: Share of all support for the item, 0 to 1; negative for what spoke against it.
        width: Length in picture units, the longest bar being 100.
    """

    item: str
    label: str
    note: str
    share: float
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
        rest: and the share of the rest,
        rest_count: of so many behaviours.
        picture: What the waterfall shows, in words.
        what_if: What would have kept the item out of the list.
        deletion: What deleting the cited behaviours does.
    """

    row: ExplanationRow
    pieces: list[Piece]
    against: Bar | None
    bars: list[Bar]
    rest: float
    rest_count: int
    picture: str
    what_if: str
    deletion: str


def card_of(row: ExplanationRow, told: Told) -> Card:
    """Return the card of a stored explanation."""
    cited = _bars(row.evidence, row.slots, told)
    bars, against = [bar for bar in cited if bar.share > 0], next((bar for bar in cited if bar.share < 0), None)
    supporting = sum(1 for value in row.contributions.values() if value > 0)
    picture = waterfall_of(row, told.titles, told.words.locale)
    return Card(
        row=row,
        pieces=_pieces(row),
        against=against,
        bars=bars,
        rest=max(0.0, 1.0 - sum(bar.share for bar in bars)) if bars else 0.0,
        rest_count=max(0, supporting - len(bars)),
        picture=f"{picture.name}. {picture.description}",
        what_if=what_if(row, told.titles, told.domain, told.words),
        deletion=deletion(row, told.words),
    )


def _pieces(row: ExplanationRow) -> list[Piece]:
    pieces: list[Piece] = []
    position = 0
    for match in SLOT.finditer(row.draft):
        pieces.append(Piece(row.draft[position : match.start()], is_title=False))
        is_title = match[1] == "item" or match[1] in {e.slot for e in row.evidence}
        pieces.append(Piece(spaced(match, row.slots[match[1]]), is_title))
        position = match.end()
    pieces.append(Piece(row.draft[position:], is_title=False))
    return [piece for piece in pieces if piece.text]


def _bars(evidence: Sequence[EvidenceRow], slots: Mapping[str, str], told: Told) -> list[Bar]:
    longest = max((e.share for e in evidence), default=1.0) or 1.0
    return [
        Bar(
            e.item_id,
            slots[e.slot],
            note(e, slots.get(f"{e.slot}.value"), told.speech, told.words),
            e.share,
            _BAR_WIDTH * e.share / longest,
        )
        for e in sorted(evidence, key=lambda e: -e.share)
    ]
