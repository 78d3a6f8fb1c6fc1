"""An explanation as plain data of one shape, whether read from its record or computed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from explainer.cases import Case
from explainer.storage.explanation_tables import ExplanationRow
from retriever.data import History

_CITED = ("behaviour_id", "item_id", "title", "kind", "value", "time", "contribution", "share", "reasons", "merged")


def stored_record(row: ExplanationRow) -> dict[str, Any]:
    """Return what a replay computes again, as it was stored."""
    return {
        "title": row.title,
        "known_user": row.known_user,
        "rank": row.rank,
        "score": row.score,
        "base_score": row.base_score,
        "method": row.method,
        "contributions": row.contributions,
        "order": row.order,
        "evidence": {cited.slot: {key: getattr(cited, key) for key in _CITED} for cited in row.evidence},
        "popularity": row.popularity,
        "verdict": row.verdict,
        "slots": row.slots,
        "draft": row.draft,
        "text": row.text,
    }


def again_record(history: History, case: Case, texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same of a case.

    Args:
        history: Whose behaviours the case is of.
        case: What was computed.
        texts: Slots, draft and text.
    """
    attribution, evidence = case.attribution, case.evidence
    pairs = zip(history.behaviours, attribution.contributions, strict=True)
    made = {
        "title": evidence.title,
        "known_user": evidence.known_user,
        "rank": case.target.rank,
        "score": case.target.score,
        "base_score": attribution.base,
        "method": attribution.method,
        "contributions": {behaviour.id: contribution for behaviour, contribution in pairs},
        "order": [history.behaviours[place].id for place in attribution.order],
        "evidence": {cited.slot: {key: getattr(cited, key) for key in _CITED} for cited in evidence.behaviours},
        "popularity": evidence.popularity,
        "verdict": case.verdict,
        **texts,
    }
    return {key: plain(value) for key, value in made.items()}


def plain(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return the value as it is once it was stored as JSON: that knows no structs and no tuples."""
    return _listed(msgspec.to_builtins(value))


def _listed(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value
