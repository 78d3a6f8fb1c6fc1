"""What the commands that make and check proofs do."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.markup import escape

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.proofs import check_proof, prove_consistency, prove_inclusion, read_proof
from explainer.cli.audit_log import UNSIGNED, UNVERIFIABLE, WHOLE, checkpoints_of, public_key
from explainer.cli.common import console, database_session
from explainer.settings import Settings


def prove(settings: Settings, seq: int, size: int | None) -> None:
    """Print the proof that an entry is in the log."""
    with database_session(settings) as session:
        made = prove_inclusion(session, CheckpointFolder(settings.checkpoint_folder), seq, size)
    _print(made)


def prove_grown(settings: Settings, first: int, second: int | None) -> None:
    """Print the proof that the log has only grown."""
    with database_session(settings) as session:
        made = prove_consistency(session, CheckpointFolder(settings.checkpoint_folder), first, second)
    _print(made)


def check(settings: Settings, raw: bytes, key: str | None, folder: Path | None) -> int:
    """Check a proof; print what came of it, return the exit code."""
    try:
        keys = checkpoints_of(settings, folder).trusted(public_key(settings, key))
        found = check_proof(read_proof(raw), keys)
    except (VerificationError, OSError) as error:
        console.print(f"[red]Not proved:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    console.print(f"[green]Proved:[/] {escape(found.shown)}.", highlight=False)
    if found.signed:
        return WHOLE
    console.print(
        "No signed checkpoint bears it out: its parts fit together, and that is all. "
        "Ask for a proof between sizes that were signed.",
        style="yellow",
    )
    return UNSIGNED


def _print(made: msgspec.Struct) -> None:
    console.print_json(msgspec.json.encode(made).decode())
