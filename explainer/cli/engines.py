"""``explainer engines``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from explainer.cli.common import console, errors, write_json
from explainer.evidence import Evidence
from explainer.loading import make_cues, make_remotes
from explainer.registry.samples import sample_evidence
from explainer.settings import Settings
from explainer.writing.engines.checkup import Checkup, checkups
from explainer.writing.gate import check as check_gate
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary

_DIFFER = (
    "The servers wrote different sentences for one prompt, at their likeliest words. Hardware that rounds otherwise "
    "can do that; so can other weights, or another chat template. Compare them before you trust the texts' versions."
)


def check(settings: Settings, out: Path | None) -> bool:
    """Try every server and print a table; return whether all of them can be used.

    Raises:
        SettingsError: If the settings name no servers, or cannot be used.
    """
    remotes = make_remotes(settings)
    facts, style = sample_evidence("video")[0], Style()
    cue = next(iter(make_cues(settings).fitting(facts, style)), "")
    prompt = PromptLibrary(settings.prompts).prompt(facts, cue, style)
    with console.status(f"Asking {len(remotes)} servers …"):
        found = checkups(remotes, prompt, settings.deadline_s)
    console.print(_table(found, facts, settings.openai_model))
    for one in found:
        if one.trouble:
            errors.print(f"{escape(one.url)}: {escape(one.trouble)}", highlight=False)
    if len({one.text for one in found if one.text}) > 1:
        errors.print(_DIFFER, highlight=False)
    if out is not None:
        write_json(out, found)
    return not any(one.trouble for one in found)


def _table(found: Sequence[Checkup], facts: Evidence, model: str) -> Table:
    table = Table(title=f"Servers of {escape(model)}", show_lines=True)
    for name in ("server", "state", "lists models", "base", "adapter", "writes", "sentence", "gate"):
        table.add_column(name, overflow="fold")
    vocabulary = load_vocabulary(Style().locale, Style().audience)
    for one in found:
        failures = check_gate(one.text, facts, vocabulary).failures if one.text else ()
        table.add_row(
            escape(one.url),
            "[red]not usable[/red]" if one.trouble else "[green]usable[/green]",
            _ms(one.models_s),
            escape(one.base) or "–",
            escape(one.adapter) or "–",
            _ms(one.write_s),
            escape(one.text) or "–",
            escape(", ".join(failures)) or ("passed" if one.text else "–"),
        )
    return table


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"
