"""How faithful the reasons are, by the deletion protocol."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import sub, truediv
from typing import Any

from explainer.bench.bars.bar import Bar, Figure, Figures, Part, Told

Compare = Callable[[float, float], float]
_AREA = "Faithful reasons"
_LIBRARIES = ("LIME", "KernelSHAP")
_RIVALS = ("cosine", "LIME", "attention weights")
OURS = ("sequential deletion by halves", "backward elimination", "leave-one-out", "integrated gradients", "shapley")
"""Methods of our own: what others reach, by their libraries or as baselines, holds no bar of ours."""
_INS, _MS = 0.935, "ms_per_history"
# Of 54 settings the one whose row of `implicit explain` is nearest to that of the trial which the bars come from.
_ALS = {"recommender": "als", "alpha": 4, "regularization": 1, "iterations": 20}


def _row(found: Figures, method: str) -> Mapping[str, Any] | None:
    return next((row for row in found.get("rows", ()) if row["method"] == method), None)


def _of(method: str | None, measure: str) -> Figure:
    """Return what finds a method's figure; None stands for the default."""

    def figure(found: Figures) -> float | None:
        row = _row(found, method or found.get("default", ""))
        return None if row is None else float(row[measure])

    return figure


def _beside(measure: str, others: Sequence[str], compare: Compare) -> Figure:
    """Return what compares the default with the least of other methods; nothing unless each of them took part."""

    def figure(found: Figures) -> float | None:
        ours = _of(None, measure)(found)
        theirs = [row[measure] for row in found.get("rows", ()) if row["method"].startswith(tuple(others))]
        return None if ours is None or _absent(others)(found) else compare(ours, min(theirs))

    return figure


def _absent(others: Sequence[str]) -> Told:
    """Return what names the methods that took no part: without them a bar would be easier under the same name."""

    def told(found: Figures) -> str:
        there = [row["method"] for row in found.get("rows", ())]
        lacking = [one for one in others if not any(name.startswith(one) for name in there)]
        return f"{', '.join(lacking)} took no part" if lacking else ""

    return told


def _against(name: str, measure: str, others: Sequence[str], compare: Compare, sign: str, threshold: float) -> Bar:
    return Bar(name, _beside(measure, others, compare), sign, threshold, told=_absent(others))


def _fastest_insertion(found: Figures) -> float | None:
    """Return the milliseconds of our fastest method whose INS is what is asked for; infinite if none of them has it."""
    ours = [row for row in found.get("rows", ()) if row["method"] in OURS]
    reached = (row[_MS] for row in ours if row["ins"] >= _INS)
    return min(reached, default=math.inf) if ours else None


def _counterfactuals(name: str) -> tuple[Bar, ...]:
    return (
        Bar(f"{name}: counterfactuals that ranking again confirms, share", "counterfactual.confirmed", "=", 1),
        Bar(f"{name}: counterfactuals that are the smallest there is, share", "counterfactual.smallest", "≥", 0.98),
    )


def _part(name: str, bars: tuple[Bar, ...], minutes: float, config: Figures | None = None) -> Part:
    command = ("explainer", "evaluate", "attribution", "--data", "ml-100k", "--recommender", name, "--json", "{json}")
    if config is None:
        return Part(_AREA, command, bars, minutes)
    file = f"{name}.json"
    return Part(_AREA, (*command, "--config", "{folder}/" + file), bars, minutes, files={file: config})


def _better_than(name: str, others: Sequence[str], minutes: float) -> Part:
    bars = (
        _against(f"{name}: DEL of the default less the best of {', '.join(others)}", "del", others, sub, "<", 0),
        _against(f"{name}: POS@20 of the default less the best of {', '.join(others)}", "pos@20", others, sub, "<", 0),
    )
    return _part(name, (*bars, *_counterfactuals(name)), minutes)


REASONS: Mapping[str, Part] = {
    "reasons-als": _part(
        "als",
        (
            Bar("ALS: POS@20 of the default", _of(None, "pos@20"), "≤", 0.255),
            Bar("ALS: CDCG of the default", _of(None, "cdcg"), "≤", 0.248),
            Bar("ALS: DEL of the default", _of(None, "del"), "≤", 0.190),
            Bar("ALS: ms a history of the default", _of(None, _MS), "≤", 1),
            Bar("ALS: ms of our fastest method with INS ≥ .935", _fastest_insertion, "≤", 0.2),
            _against("ALS: POS@20 less the best of LIME and KernelSHAP", "pos@20", _LIBRARIES, sub, "<", 0),
            _against("ALS: DEL less the best of LIME and KernelSHAP", "del", _LIBRARIES, sub, "<", 0),
            _against("ALS: time of the default over that of LIME and KernelSHAP", _MS, _LIBRARIES, truediv, "≤", 0.1),
            *_counterfactuals("ALS"),
        ),
        6,
        _ALS,
    ),
    "reasons-ease": _part(
        "ease",
        (
            Bar("EASE: ms of leave-one-out in closed form", _of("leave-one-out", _MS), "≤", 0.1),
            *_counterfactuals("EASE"),
        ),
        6,
    ),
    "reasons-hybrid": _better_than("hybrid", _RIVALS, 45),
    "reasons-attentive": _better_than("attentive", _RIVALS, 20),
}
