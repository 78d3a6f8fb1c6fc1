"""What the commands on the log itself do: sign it, verify it, export it, prove what is in it."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier, make_signer
from explainer.audit.rotating import rotate_key
from explainer.audit.sources import StoredNodes, export_entries, exported_entries, size_of, stored_entries
from explainer.audit.verify import Fault, TamperError, Verified, verify
from explainer.cli.common import console, database_session, errors, progress_bar
from explainer.errors import BusyError, ConflictError, NotReadyError
from explainer.settings import Settings
from explainer.storage.database import Database

WHOLE, UNVERIFIABLE, UNSIGNED = 0, 2, 3
EXIT_CODES = {
    Fault.ALTERED: 10,
    Fault.MISSING: 11,
    Fault.ORDER: 12,
    Fault.TRUNCATED: 13,
    Fault.FORKED: 14,
    Fault.NODE: 15,
}
"""What the command returns for each fault; they do not change."""


def verify_log(settings: Settings, export: Path | None, folder: Path | None, key: str | None, kept: Path | None) -> int:
    """Hold the log of the database, or an export, against its checkpoints; print what came of it, return the code."""
    checkpoints = CheckpointFolder(folder or settings.checkpoint_folder)
    try:
        public = load_verifier(key) if key else load_signer(settings.signing_key).verifier
        if export is None:
            with database_session(settings) as session, progress_bar("Verifying the log") as progress:
                last = size_of(session)
                found = verify(
                    stored_entries(session),
                    checkpoints.read(public, kept),
                    StoredNodes(session),
                    lambda done: progress(done, last),
                )
        else:
            with progress_bar("Verifying the export") as progress:
                found = verify(
                    exported_entries(export),
                    checkpoints.read(public, kept),
                    on_progress=lambda done: progress(done, None),
                )
    except TamperError as error:
        console.print(f"[red]{error.fault.value}[/] at entry {error.seq}: {escape(str(error))}", highlight=False)
        return EXIT_CODES[error.fault]
    except (VerificationError, NotReadyError, ConflictError, BusyError) as error:  # the last three: of the database
        console.print(f"[red]Not verified:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    _print(found, trusted_here=key is None)
    return WHOLE if found.checkpoints or not found.entries else UNSIGNED


def checkpoint(settings: Settings) -> None:
    """Sign the log now."""
    folder = CheckpointFolder(settings.checkpoint_folder)
    made = sign_head(Database(settings.url), folder, load_signer(settings.signing_key))
    if made is None:
        console.print("Nothing new to sign.")
    else:
        console.print(f"Signed {made.size:,} entries, root {made.root.hex()}, in {escape(str(folder.folder))}")


def show_key(settings: Settings, *, rotate: bool) -> None:
    """Print the public key, and beside it which keys verify what; with ``rotate``, exchange it first."""
    folder = CheckpointFolder(settings.checkpoint_folder)
    if rotate:
        database = Database(settings.url)
        database.require_current()
        rotate_key(database, folder, settings.signing_key)
        errors.print("Start again whatever signs, with this key; give it to your auditors beside the one before.")
    key = make_signer(settings.signing_key, folder).verifier
    trust = folder.trust(key)
    for one in trust.before:
        errors.print(f"Verifies as much: {one}, which signed up to entry {one.until}.", highlight=False, soft_wrap=True)
    if trust.after:
        errors.print(f"[yellow]It signs no more:[/] {escape(str(trust.after[-1]))} has followed it.", soft_wrap=True)
    console.print(str(key), highlight=False, soft_wrap=True)


def export_log(settings: Settings, out: Path) -> None:
    """Write every entry as a line of canonical JSON."""
    with database_session(settings) as session, out.open("wb") as file:
        file.writelines(export_entries(session))
    console.print(f"Wrote {escape(str(out))}")


def _print(found: Verified, *, trusted_here: bool) -> None:
    console.print(f"[green]Whole:[/] {found.entries:,} entries, root {found.root}", highlight=False)
    if not found.checkpoints:
        console.print("No checkpoint vouches for it; sign it now: explainer audit checkpoint", style="yellow")
    else:
        rest = found.entries - found.vouched
        more = f"; {rest:,} came after and are not signed yet" if rest else ""
        console.print(f"{found.checkpoints:,} signed checkpoints fit, the last at entry {found.vouched:,}{more}.")
    if trusted_here:
        console.print("Checked with this machine's own key; an outsider takes theirs: --key", style="dim")
