"""What deleting behaviours would change, in words for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from explainer.attribution.deletion_test import DeletionVerdict
from explainer.storage.tables import ExplanationRow
from explainer.view import CounterfactualView
from explainer.writing.slots import display_title


def what_if(row: ExplanationRow, titles: Mapping[str, str]) -> str:
    """Return what would have kept the item out of the list; empty where it was not looked for.

    Args:
        row: The explanation.
        titles: Behaviour id → title of its item.
    """
    found = msgspec.convert(row.counterfactual, CounterfactualView | None)
    if found is None:
        return ""
    if found.behaviours is None:
        behaviours = "one behaviour" if found.max_size == 1 else f"up to {found.max_size} behaviours"
        return f"We found no set of {behaviours} without which it would leave the top {found.k}."
    names = dict.fromkeys(display_title(titles.get(key, f"Behaviour {key}")) for key in found.behaviours)
    text = f"Without {_listed(list(names))} it would rank {found.new_rank}"
    if found.replacement_title is not None:
        text += f", and {display_title(found.replacement_title)} would come into the top {found.k}"
    return f"{text}."


def deletion(row: ExplanationRow) -> str:
    """Return what the deletion test found; empty where nothing is cited."""
    verdict = msgspec.convert(row.verdict, DeletionVerdict | None)
    if verdict is None:
        return ""
    cited = f"Without what is cited the score loses {verdict.fall:.4f}"
    if not verdict.sets:
        return f"{cited}; there is nothing else to compare it with."
    strong = round(verdict.as_strong * verdict.sets)
    outcome = "cause" if verdict.causal else "no proven cause"
    return (
        f"{cited}, without as many others {verdict.usual_fall:.4f} on average; "
        f"{strong} of {verdict.sets} other sets cost as much: {outcome}."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
