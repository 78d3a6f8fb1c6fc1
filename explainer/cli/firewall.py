"""``explainer evaluate firewall``: what the sensitive firewall finds of what people have labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from explainer.assembly import make_encoder, make_lists
from explainer.cli.common import console, write_json
from explainer.evidence.firewall.categories import SHIPPED, THRESHOLDS
from explainer.evidence.firewall.measure import (
    SHIPPED_TITLES,
    Figures,
    Half,
    Measured,
    measure,
    read_labelled,
    with_thresholds,
)
from explainer.settings import Settings


def evaluate_firewall(settings: Settings, labelled: Path | None, out: Path | None, *, save: bool) -> None:
    """Choose thresholds on half of the titles, measure on both halves, print, and write what is asked for."""
    rows, encoder = read_labelled(labelled or SHIPPED_TITLES), make_encoder(settings)
    with console.status("Encoding titles …"):
        lists = with_thresholds(make_lists(settings), rows, encoder)
        found = measure(lists, rows, encoder)
    console.print(_table("The other half, which had no say", found.held_out))
    for what, half in (("chosen on", found.choosing), ("the other", found.held_out)):
        _say(what, half)
    if out is not None:
        write_json(out, _as_dict(found))
    if save:
        _save((settings.sensitive_lists or SHIPPED) / THRESHOLDS, found)


def _save(place: Path, found: Measured) -> None:
    held = msgspec.json.decode(place.read_bytes(), type=dict[str, dict[str, float]]) if place.is_file() else {}
    model = found.encoder.partition(",")[0]
    write_json(place, held | {model: held.get(model, {}) | found.thresholds})


def _say(what: str, half: Half) -> None:
    either, terms = half.anything, half.terms_alone
    console.print(
        f"Private or not, {what} half: precision {_share(either.precision)}, recall {_share(either.recall)} of "
        f"{either.cases} titles; terms alone {_share(terms.precision)}, {_share(terms.recall)}.",
        highlight=False,
    )


def _table(title: str, half: Half) -> Table:
    table = Table("category", "titles", "found", "right", "precision", "recall", title=title)
    for name, figures in {**half.categories, **half.locales}.items():
        counts = (figures.labelled, figures.found, figures.right)
        table.add_row(name, *map(str, counts), _share(figures.precision), _share(figures.recall))
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _as_dict(found: Measured) -> dict[str, Any]:
    """Return all figures with their shares, which are computed."""
    return {
        "encoder": found.encoder,
        "thresholds": found.thresholds,
        "choosing": _half(found.choosing),
        "held_out": _half(found.held_out),
        "missed": found.missed,
        "false_alarms": found.false_alarms,
    }


def _half(half: Half) -> dict[str, Any]:
    return {
        "anything": _figures(half.anything),
        "terms_alone": _figures(half.terms_alone),
        "categories": {name: _figures(of) for name, of in half.categories.items()},
        "locales": {name: _figures(of) for name, of in half.locales.items()},
    }


def _figures(of: Figures) -> dict[str, Any]:
    return {**msgspec.to_builtins(of), "precision": of.precision, "recall": of.recall}
