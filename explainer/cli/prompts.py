"""Prompt versions on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.markup import escape
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from explainer.cli.common import console, write_json
from explainer.loading import make_prompts
from explainer.registry.diff import diff_lines, visible
from explainer.registry.prompts import PromptVersion
from explainer.registry.proportions import Difference
from explainer.registry.report import PromptReport, Side
from explainer.settings import Settings
from explainer.storage.changes import InUse
from explainer.storage.lookup import SHOWN
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show_all(settings: Settings, locale: str, audience: str, out: Path | None) -> None:
    """Print all versions of a style and which is in use."""
    registry, style = make_prompts(settings), Style(locale, audience)
    versions, use = registry.versions(style), registry.in_use(style)
    shares = _shares(use, registry.on_disk(style))
    if versions:
        console.print(_table(versions, shares))
    else:
        _say(f"There are no prompts for {style}.")
    if out is not None:
        write_json(out, [{**_as_dict(known), "percent": shares.get(known.version, 0)} for known in versions])


def show(settings: Settings, version: str, locale: str, audience: str, out: Path | None) -> None:
    """Print a version's templates."""
    registry, style = make_prompts(settings), Style(locale, audience)
    found = registry.find(version, style)
    sources = registry.library(found, style).sources(style)
    _say(f"version: {found}")
    for name, text in sources.items():
        console.print(Rule(escape(visible(name)), align="left"))
        console.print(Text(visible(text)), soft_wrap=True)
    if out is not None:
        write_json(out, {"version": found, "locale": locale, "audience": audience, "templates": sources})


def diff(settings: Settings, first: str, second: str, locale: str, audience: str) -> None:
    """Print what changed between two versions, in colours."""
    registry, style = make_prompts(settings), Style(locale, audience)
    old, new = (registry.library(registry.find(version, style), style).sources(style) for version in (first, second))
    lines = diff_lines(old, new)
    for line in lines:
        heading = line.startswith(("--- ", "+++ "))
        console.print(Text(visible(line), "bold" if heading else _STYLES.get(line[:1], "")), soft_wrap=True)
    if not lines:
        _say("They are the same.")


def add(settings: Settings, folder: Path | None, locale: str, audience: str) -> None:
    """Store a folder's templates."""
    library = PromptLibrary(folder or settings.prompts)
    with console.status("Trying the templates …"):
        version, new = make_prompts(settings).add(library, Style(locale, audience))
    if new:
        _say(f"Stored {version[:SHOWN]}. To use it: explainer prompts promote {version[:SHOWN]}")
    else:
        _say(f"{version[:SHOWN]} is stored already; nothing changed.")


def promote(settings: Settings, version: str, locale: str, audience: str) -> None:
    """Promote a version."""
    with console.status("Trying the templates …"):
        found = make_prompts(settings).promote(version, Style(locale, audience))
    _say(f"In use for {locale}/{audience}: {found[:SHOWN]}, from the next text on.")


def rollback(settings: Settings, locale: str, audience: str) -> None:
    """Undo the last promotion or split."""
    style = Style(locale, audience)
    _say(f"In use for {style} again: {_said(make_prompts(settings).rollback(style))}, from the next text on.")


def split(settings: Settings, first: str, second: str, percent: int, locale: str, audience: str) -> None:
    """Split users between two versions."""
    style = Style(locale, audience)
    with console.status("Trying the templates …"):
        use = make_prompts(settings).split(first, second, percent, style)
    _say(f"In use for {style}: {_said(use)}. To compare them: explainer prompts report")


def report(settings: Settings, versions: tuple[str, str] | None, locale: str, audience: str, out: Path | None) -> None:
    """Compare two versions."""
    found = make_prompts(settings).report(Style(locale, audience), versions)
    console.print(_comparison(found))
    _say("Drafts: equal prompts share one and count once. In brackets: 95 % interval of the difference B − A.")
    if out is not None:
        write_json(out, found)


def _said(use: InUse) -> str:
    version = "the templates on disk" if use.version is None else use.version[:SHOWN]
    if use.other is None or use.percent is None:
        return version
    return f"{version} for {100 - use.percent} % of users, {use.other[:SHOWN]} for {use.percent} %"


def _shares(use: InUse, on_disk: str | None) -> Mapping[str | None, int]:
    """Return how many of a hundred users get each version in use."""
    first = use.version or on_disk
    return {first: 100} if use.other is None else {first: 100 - (use.percent or 0), use.other: use.percent or 0}


def _table(versions: list[PromptVersion], shares: Mapping[str | None, int]) -> Table:
    table = Table(expand=True)
    for column in ("Version", "In use", "Stored"):
        table.add_column(column, no_wrap=True)
    table.add_column("From", ratio=1)
    for known in versions:
        share = shares.get(known.version)
        stored = "–" if known.stored_at is None else known.stored_at.isoformat(" ", "minutes")[:16]
        percent = "" if share is None else f"{share} % of users"
        cells = (known.version[:SHOWN], percent, stored, escape(visible(known.origin)))
        table.add_row(*cells, style="bold" if share else "")
    return table


def _as_dict(known: PromptVersion) -> dict[str, object]:
    stored = known.stored_at
    return {
        "version": known.version,
        "locale": known.locale,
        "audience": known.audience,
        "origin": known.origin,
        "stored_at": None if stored is None else stored.isoformat(),
    }


def _comparison(found: PromptReport) -> Table:
    a, b = found.first, found.second
    table = Table(title=f"{found.locale}/{found.audience}: A {a.version[:SHOWN]}, B {b.version[:SHOWN]}", expand=True)
    table.add_column("", ratio=1)
    for column in ("A", "B", "B − A"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_row("explanations", str(a.explanations), str(b.explanations))
    table.add_row("people", str(a.users), str(b.users))
    table.add_row("drafts", str(a.drafts), str(b.drafts))
    table.add_row("passed at once", *(_share(s.first_pass, s.drafts) for s in (a, b)), _change(found.first_pass))
    table.add_row("passed in the end", *(_share(s.passed, s.drafts) for s in (a, b)), _change(found.after_retry))
    table.add_row("text by template", *(_share(s.fallbacks, s.explanations) for s in (a, b)))
    table.add_row("different sentences", str(a.distinct), str(b.distinct))
    table.add_row("mean characters", *(_mean(s) for s in (a, b)))
    for rule in dict.fromkeys([*a.failures, *b.failures]):
        name = f"failed: {escape(visible(rule))}"
        table.add_row(name, *(_share(s.failures.get(rule, 0), s.drafts) for s in (a, b)))
    return table


def _share(n: int, m: int) -> str:
    return f"{n / m:.0%} ({n})" if m else "–"


def _mean(side: Side) -> str:
    return "–" if side.mean_length is None else f"{side.mean_length:.0f}"


def _change(found: Difference | None) -> str:
    return (
        "–" if found is None else f"{found.difference:+.0%} [{found.low:+.0%}, {found.high:+.0%}]".replace("[", "\\[")
    )


def _say(text: str) -> None:
    console.print(Text(visible(text)), highlight=False, soft_wrap=True)
