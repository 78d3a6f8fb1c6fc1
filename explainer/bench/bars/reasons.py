"""How faithful the reasons are, by the deletion protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import sub, truediv
from typing import Any

from explainer.bench.bars.bar import Bar, Figure, Figures, Part

_AREA = "Faithful reasons"
_LIBRARIES = ("LIME", "KernelSHAP")
_RIVALS = ("cosine", "LIME", "attention weights")
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


def _beside(measure: str, others: Sequence[str], compare: Callable[[float, float], float]) -> Figure:
    """Return what compares the default with the least of other methods, of which some may not have run."""

    def figure(found: Figures) -> float | None:
        ours = _of(None, measure)(found)
        theirs = [row[measure] for row in found.get("rows", ()) if row["method"].startswith(tuple(others))]
        return None if ours is None or not theirs else compare(ours, min(theirs))

    return figure


def _fastest_insertion(found: Figures) -> float | None:
    """Return the milliseconds of the fastest method whose INS is what is asked for."""
    return min((row[_MS] for row in found.get("rows", ()) if row["ins"] >= _INS), default=None)


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
        Bar(f"{name}: DEL of the default less the best of {', '.join(others)}", _beside("del", others, sub), "<", 0),
        Bar(
            f"{name}: POS@20 of the default less the best of {', '.join(others)}",
            _beside("pos@20", others, sub),
            "<",
            0,
        ),
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
            Bar("ALS: ms of the fastest method with INS ≥ .935", _fastest_insertion, "≤", 0.2),
            Bar("ALS: POS@20 less the best of LIME and KernelSHAP", _beside("pos@20", _LIBRARIES, sub), "<", 0),
            Bar("ALS: DEL less the best of LIME and KernelSHAP", _beside("del", _LIBRARIES, sub), "<", 0),
            Bar(
                "ALS: time of the default over that of LIME and KernelSHAP", _beside(_MS, _LIBRARIES, truediv), "≤", 0.1
            ),
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
