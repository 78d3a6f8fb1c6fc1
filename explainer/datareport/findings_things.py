"""Findings about rows and items: what was lost, what is rare, what the catalogue keeps to itself."""

from __future__ import annotations

from collections.abc import Iterator

from explainer.datareport.figures import gini, share_that_holds
from explainer.datareport.finding import Finding
from explainer.datareport.summary import Summary
from explainer.datareport.wording import count, percent
from retriever.data.cleaning_report import DropReason

_BOTS = frozenset({DropReason.BOT_VOLUME.value, DropReason.BOT_SPEED.value})
_MANY_LOST = 0.2
_RARE = 0.05
_FEW_ITEMS = 10
_HALF_IN = 0.35
_WELL_DESCRIBED = 0.98


def rows_lost(s: Summary) -> Iterator[Finding]:
    """Rows that could not be used; those of bots are a finding of their own."""
    for table in s.tables:
        lines = [line for line in s.dropped if line.table == table.name and line.reason not in _BOTS]
        if table.name == "users" or not lines:
            continue
        lost = sum(line.rows for line in lines)
        share = lost / table.read
        worst = max(lines, key=lambda line: line.rows)
        noun = "item" if table.name == "items" else "behaviour"
        yield Finding(
            20 + 75 * min(1.0, share / _MANY_LOST),
            f"{percent(share)} of the {noun} rows were not used ({lost:,} of {table.read:,}).",
            f"Most often: {worst.reason} ({count(worst.rows, 'row')}, e.g. {worst.examples[0]}).",
        )


def few_behaviours(s: Summary) -> Iterator[Finding]:
    """Items that nobody, or one person, ever met."""
    none, one = float((s.per_item == 0).mean()), float((s.per_item == 1).mean())
    if none > 0:
        yield Finding(
            15 + 60 * none,
            f"{percent(none)} of items have no behaviour.",
            "Only what they say about themselves can recommend them.",
        )
    if one >= _RARE:
        yield Finding(
            28 + 60 * one,
            f"{percent(one)} of items have one behaviour: content must carry them.",
            'What one person did is no pattern; "people who …" reasons can\'t be given for them.',
        )


def popularity(s: Summary) -> Iterator[Finding]:
    """A few items hold most of the behaviours."""
    share = share_that_holds(s.per_item, 0.5)
    if s.items >= _FEW_ITEMS and share <= _HALF_IN:
        yield Finding(
            20 + 55 * gini(s.per_item),
            f"Half of all behaviours fall on {percent(share)} of the items.",
            f"The Gini coefficient is {gini(s.per_item):.2f}. A list of what is popular will score well here: compare "
            "with it, and look at coverage too.",
        )


def aspects_missing(s: Summary) -> Iterator[Finding]:
    """Items that say nothing a reason could name."""
    missing = 1 - s.catalogue.with_aspects
    if missing >= 1:
        yield Finding(
            78,
            f"No item has aspects (0 of {s.items:,}).",
            "Reasons can't say what two items share. Map a category or tag column to aspects, if there is one.",
        )
    elif missing > 1 - _WELL_DESCRIBED:
        yield Finding(
            20 + 60 * missing,
            f"{percent(missing)} of items have no aspects.",
            "For these, reasons can't say what they share with anything.",
        )
    if s.catalogue.aspects and s.catalogue.once / s.catalogue.aspects > 0.5:  # noqa: PLR2004
        yield Finding(
            24,
            f"{percent(s.catalogue.once / s.catalogue.aspects)} of the aspects belong to a single item.",
            f"These {s.catalogue.once:,} link it to nothing else; broader terms would.",
        )


def descriptions_missing(s: Summary) -> Iterator[Finding]:
    """Items without a text."""
    missing = 1 - s.catalogue.with_text
    if missing > 0.5:  # noqa: PLR2004
        yield Finding(
            26 if missing == 1 and s.catalogue.aspects == 0 else 14,
            f"{percent(missing)} of items have no description." if missing < 1 else "No item has a description.",
            "Titles and aspects alone tell the encoder what they are about.",
        )


def twins(s: Summary) -> Iterator[Finding]:
    """Items that are probably one."""
    if s.catalogue.twins:
        first = s.catalogue.twin_examples[0]
        named = f"“{first.title}”" + (f" ({first.year})" if first.year is not None else "")
        yield Finding(
            22 + 60 * min(1.0, 5 * s.catalogue.twin_items / s.items),
            f"{count(s.catalogue.twins, 'title')} occur in the catalogue more than once "
            f"({count(s.catalogue.twin_items, 'item')}).".replace("1 title occur ", "1 title occurs "),
            f"E.g. {named}, {len(first.ids)} times. If they are the same thing, its behaviours are split among them, "
            "and it may be recommended to people who have it.",
        )
