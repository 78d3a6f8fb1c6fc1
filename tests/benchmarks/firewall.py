"""Canaries: 10,000 explanations for people who did private things, and whether any trace of these comes out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console

from explainer.storage.database import Database
from tests.canaries import look_for_canaries


def firewall(cases: int = 10_000) -> dict[str, float]:
    """Explain as often as that and count what leaks; any leak is printed, with where it was."""
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'canaries.db'}")
        database.migrate()
        found = look_for_canaries(database, cases)
    for leak in found.leaks[:20]:
        Console().print(leak, markup=False)
    return {
        "firewall_cases": found.cases,
        "firewall_private_behaviours": found.private,
        "firewall_prompts": found.prompts,
        "firewall_refused": found.refused,
        "firewall_replays": sum(found.replayed.values()),
        "firewall_leaks": len(found.leaks),
    }
