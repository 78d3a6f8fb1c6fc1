"""What deleting behaviours would change, in words for the page."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from explainer.attribution.deletion_test import DeletionVerdict
from explainer.server.words import Words
from explainer.storage.explanation_tables import ExplanationRow
from explainer.view import counterfactual_of
from explainer.writing.slots import named

_DECIMALS = 4


def what_if(row: ExplanationRow, titles: Mapping[str, str], domain: str, words: Words) -> str:
    """Return what would have kept the item out of the list; empty where it was not looked for.

    Args:
        row: The explanation.
        titles: Behaviour id → title of its item.
        domain: Of the catalogue.
        words: Of the page.
    """
    found = counterfactual_of(row)
    if found is None:
        return ""
    if found.behaviours is None:
        return words.count("card.no_set", found.max_size, k=found.k)
    names = dict.fromkeys(
        named(titles.get(key, words("card.unnamed", id=key)), domain, words.locale) for key in found.behaviours
    )
    facts = {"titles": words.listed(list(names)), "rank": words.number(found.new_rank or 0)}
    if found.replacement_title is None:
        return words("card.what_if", **facts)
    instead = named(found.replacement_title, domain, words.locale)
    return words("card.what_if_instead", **facts, instead=instead, k=found.k)


def uncited(contributions: object, words: Words) -> str:
    """Return what is said where a text cites nothing: whether anything that the user did raised the item all the same.

    Args:
        contributions: Of all that they did, by id, in score units; as stored, and who altered it may have put anything.
        words: Of the page.
    """
    return words("card.none_cited" if is_raised(contributions) else "card.no_behaviours")


def is_raised(contributions: object) -> bool:
    """Return whether any of the stored contributions raised an item."""
    values = contributions.values() if isinstance(contributions, dict) else ()
    return any(isinstance(value, int | float) and value > 0 for value in values)


def deletion(row: ExplanationRow, words: Words) -> str:
    """Return what the deletion test found; empty where nothing is cited."""
    verdict = msgspec.convert(row.verdict, DeletionVerdict | None)
    if verdict is None:
        return ""
    fall = words.number(verdict.fall, _DECIMALS)
    if not verdict.sets:
        return words("card.deletion_alone", fall=fall)
    return words(
        "card.deletion",
        fall=fall,
        usual=words.number(verdict.usual_fall, _DECIMALS),
        strong=round(verdict.as_strong * verdict.sets),
        sets=verdict.sets,
        outcome=words("card.cause") if verdict.causal else words("card.no_cause"),
    )
