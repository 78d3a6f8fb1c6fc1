"""A stored explanation as the page shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from explainer.picture import waterfall_of
from explainer.server.causes import deletion, uncited, what_if
from explainer.server.notes import note
from explainer.server.words import Words
from explainer.service.masking import MASK
from explainer.service.unnamed import private_share
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.later import Later
from explainer.writing.prompts import DomainWords
from explainer.writing.slots import SLOT, spaced
from explainer.writing.texts import TEMPLATE

_BAR_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Told:
    """How a page tells of explanations.

    Attributes:
        words: Of the page, in its language.
        speech: How the domain speaks in that language.
        domain: Of the catalogue.
        titles: Behaviour id → title of its item.
        masked: Ids of the behaviours that must not be named.
        private: To a customer: ids of those that are told of as one, without a name.
    """

    words: Words
    speech: DomainWords
    domain: str
    titles: Mapping[str, str]
    masked: Collection[str] = ()
    private: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture.

    Attributes:
        item: Id of the item that the behaviour is about; empty for those that must not be named.
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
        pieces: The newest sentence,
        source: who wrote it,
        withdrawn: and whether it is shown no more.
        masked: Whether it rests on something that must not be named.
        against: A low rating that spoke against it and is told of,
        bars: what raised the item, as far as it is cited,
        uncited: what is said where none is,
        rest: and the share of the rest,
        rest_count: of so many behaviours.
        not_shown: What the customer has chosen not to show does to the score, in words; empty where it is nothing.
        picture: What the waterfall shows, in words.
        what_if: What would have kept the item out of the list.
        deletion: What deleting the cited behaviours does.
    """

    row: ExplanationRow
    pieces: list[Piece]
    source: str
    withdrawn: bool
    masked: bool
    against: Bar | None
    bars: list[Bar]
    uncited: str
    rest: float
    rest_count: int
    not_shown: str
    picture: str
    what_if: str
    deletion: str

    @property
    def text(self) -> str:
        """The newest sentence as plain text."""
        return "".join(piece.text for piece in self.pieces)


def card_of(row: ExplanationRow, told: Told, later: Later) -> Card:
    """Return the card of a stored explanation, with what came after it."""
    newest = later.revisions[-1] if later.revisions else row
    masked = any(e.behaviour_id in told.masked for e in row.evidence)
    titled = {"item", *(e.slot for e in row.evidence)}
    is_whole = not any(e.behaviour_id in told.private for e in row.evidence)
    cited = _bars(row, told)
    bars, against = [bar for bar in cited if bar.share > 0], next((bar for bar in cited if bar.share < 0), None)
    named = sum(bool(bar.item) for bar in bars)
    as_one = {*told.private, *(told.masked if masked else ())}
    supporting = sum(1 for key, value in row.contributions.items() if value > 0 and key not in as_one)
    share = private_share(row.contributions, told.private)
    titles = {**told.titles, **dict.fromkeys(told.private, told.words("card.not_shown_name"))}
    picture = waterfall_of(row, told.titles, told.words.locale, told.masked, told.private)
    return Card(
        row=row,
        pieces=_stand_in(masked, is_whole, told.words) or _pieces(newest.draft, newest.slots, titled),
        source=newest.source if is_whole else TEMPLATE,
        withdrawn=later.suppression is not None,
        masked=masked,
        against=against,
        bars=bars,
        uncited=uncited(row.contributions, told.words),
        rest=max(0.0, 1.0 - sum(bar.share for bar in bars) - max(0.0, share)) if bars else 0.0,
        rest_count=max(0, supporting - named),
        not_shown=_not_shown(share, told.words),
        picture=f"{picture.name}. {picture.description}",
        what_if=what_if(row, titles, told.domain, told.words),
        deletion=deletion(row, told.words) if is_whole and not masked else "",
    )


def _stand_in(masked: bool, is_whole: bool, words: Words) -> list[Piece]:  # noqa: FBT001  two facts of one card
    if masked:
        return [Piece(MASK, is_title=False)]
    return [] if is_whole else [Piece(words("card.not_shown_text"), is_title=False)]


def _not_shown(share: float, words: Words) -> str:
    if not share:
        return ""
    return words("card.not_shown" if share > 0 else "card.not_shown_against", share=words.percent(abs(share)))


def _pieces(draft: str, slots: Mapping[str, str], titles: Collection[str]) -> list[Piece]:
    pieces: list[Piece] = []
    position = 0
    for match in SLOT.finditer(draft):
        pieces.append(Piece(draft[position : match.start()], is_title=False))
        pieces.append(Piece(spaced(match, slots[match[1]]), is_title=match[1] in titles))
        position = match.end()
    pieces.append(Piece(draft[position:], is_title=False))
    return [piece for piece in pieces if piece.text]


def _bars(row: ExplanationRow, told: Told) -> list[Bar]:
    """Return a bar of each cited behaviour, and one of all that must not be named: figures of each would name it."""
    hidden = {*told.private, *told.masked}
    shown = [
        (e.share, e.item_id, row.slots[e.slot], note(e, row.slots.get(f"{e.slot}.value"), told.speech, told.words))
        for e in row.evidence
        if e.behaviour_id not in hidden
    ]
    if any(e.behaviour_id in told.masked for e in row.evidence):
        shown.append((private_share(row.contributions, told.masked), "", MASK, MASK))
    longest = max((share for share, *_ in shown), default=1.0) or 1.0
    ordered = sorted(shown, key=lambda one: -one[0])
    return [Bar(item, label, said, share, _BAR_WIDTH * share / longest) for share, item, label, said in ordered]
