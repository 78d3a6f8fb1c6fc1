"""The text of an explanation made again from its record: a stored draft filled, a template rendered.

How texts are worded betters with every release, and what was shown stays what it was. So a template's draft may be as
it was rendered or as it is put better now, and a stored draft that today's gate refuses for its wording alone is named
as *equivalent*; one that it finds untrue is *different*.
"""

from __future__ import annotations

from typing import Any

from explainer.errors import ExplainerError
from explainer.evidence import Evidence
from explainer.evidence.firewall import PrivateWords
from explainer.service.comparison import Difference, Outcome
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.gate import check
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import fill, fill_plainly, slot_values
from explainer.writing.style import Style
from explainer.writing.texts import MODEL, Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import fallback_draft, fallback_variant, told_facts

# What these rules refuse is true and reads badly.
_WORDING = frozenset({"article", "grammar", "length", "repetition", "sentences", "spacing", "stilted"})


def texts_again(
    row: ExplanationRow,
    writer: str,
    evidence: Evidence,
    library: PromptLibrary | None,
    private_words: PrivateWords,
) -> tuple[dict[str, Any], list[Difference]]:
    """Return slots, draft and text made again, and what the gate has against a stored draft.

    Args:
        row: The stored explanation.
        writer: What wrote it, for ``{writer}``.
        evidence: The facts, computed again.
        library: The templates that it was written with; without them a template's draft is taken as stored.
        private_words: What no text says today.
    """
    style = Style(row.locale, row.audience)
    request = Request(evidence, row.user_id)
    values = slot_values(evidence, style, writer)
    draft, found = row.draft, list[Difference]()
    if row.source == MODEL:
        found = _judged(row, request, style, private_words)
    elif library is not None:
        try:
            draft = _rendered(row, request, library, style)
        except ExplainerError as error:
            found.append(Difference("draft", row.draft, str(error)))
    return {"slots": values, "draft": draft, "text": _filled(row, draft, values)}, found


def _judged(row: ExplanationRow, request: Request, style: Style, private_words: PrivateWords) -> list[Difference]:
    """Return what the gate has against a stored draft, told of the facts as prompts tell them or told of all."""
    words = load_vocabulary(row.locale, row.audience)
    told = (told_facts(request, style), request.evidence)
    verdicts = (check(row.draft, facts, words, style, private_words) for facts in told)
    failures = min((verdict.failures for verdict in verdicts), key=len)
    is_wording = all(failure.split(":")[0] in _WORDING for failure in failures)
    outcome = Outcome.EQUIVALENT if is_wording else Outcome.DIFFERENT
    return [Difference("gate", "passed", list(failures), outcome)] if failures else []


def _rendered(row: ExplanationRow, request: Request, library: PromptLibrary, style: Style) -> str:
    plain = library.plain_fallback(request.evidence, fallback_variant(request), style)
    return plain if plain == row.draft else fallback_draft(request, library, style)


def _filled(row: ExplanationRow, draft: str, values: dict[str, str]) -> str | None:
    try:
        plain = fill_plainly(draft, values)
        return plain if plain == row.text else fill(draft, values)
    except KeyError:
        return None  # a slot that has no value any more; the slots' own difference names it
