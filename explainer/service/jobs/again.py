"""What a better text is to be written from, computed again from the record: for whoever did not answer, or forgot."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.errors import NotFoundError, PromptError
from explainer.manner import Unfinished
from explainer.pipeline import Explainer
from explainer.service.recalled import case_again, recall
from explainer.storage.explanations import get_explanation
from explainer.storage.prompts import library_of
from explainer.storage.version_tables import PromptVersionRow
from explainer.writing.slots import slot_values
from explainer.writing.style import Style
from explainer.writing.texts import Request

_WRITER = "writer"


def computed_again(explainer: Explainer, explanation_id: str) -> Unfinished | str:
    """Return what a text is to be written from, or why the first one has to stay.

    A text is only bettered by what it would have been written from: where what is computed now differs in a single
    fact that a text may name, the first text stays.

    Args:
        explainer: The pipeline, of the same fit.
        explanation_id: Which.

    Raises:
        UnknownItemError: If the recommender knows no such item yet.
    """
    try:
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            recalled = recall(session, row)
            templates = session.get_one(PromptVersionRow, row.prompt_version)
        library = library_of(templates)
    except NotFoundError:
        return "it was removed"
    except PromptError:
        return "the templates that it was written with were altered"
    if recalled.gone:
        return "behaviours that it was computed from are no longer stored"
    style = Style(row.locale, row.audience)
    request = Request(case_again(explainer, row, recalled.asking).evidence, row.user_id)
    if _facts(slot_values(request.evidence, style)) != _facts(row.slots):
        return "something else would be told of it today"
    return Unfinished(row.id, request, style, library)


def _facts(slots: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in slots.items() if name != _WRITER}
