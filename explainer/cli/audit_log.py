"""What the commands on the log itself do: sign it, verify it, export it, prove what is in it."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier, make_signer
from explainer.audit.nodes import count_of
from explainer.audit.notes import Verifier
from explainer.audit.rotating import rotate_key
from explainer.audit.sources import StoredNodes, export_entries, exported_entries, stored_entries
from explainer.audit.verify import Fault, TamperError, Verified, verify
from explainer.cli.common import console, database_session, errors, progress_bar
from explainer.errors import BusyError, ConflictError, ExplainerError, NotReadyError
from explainer.files import written_whole
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
    try:
        checkpoints, public = checkpoints_of(settings, folder), public_key(settings, key)
        if export is None:
            with database_session(settings) as session, progress_bar("Verifying the log") as progress:
                last = count_of(session)
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
    except (VerificationError, NotReadyError, ConflictError, BusyError, OSError) as error:  # the middle: of databases
        console.print(f"[red]Not verified:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    _print(found, trusted_here=key is None)
    # A log that grows always has entries that are signed a minute later. To an export nothing will be added.
    return WHOLE if found.signed or (export is None and found.checkpoints) else UNSIGNED


def checkpoints_of(settings: Settings, folder: Path | None) -> CheckpointFolder:
    """Return the folder of checkpoints; one that was named must be there.

    Raises:
        VerificationError: If it is not: that is not the same as a log that nobody has signed.
    """
    named = folder or settings.checkpoints
    if named is not None and not named.is_dir():
        raise VerificationError(
            f"There is no folder {named}: write its name as it is, or mount it (--checkpoints, EXPLAINER_CHECKPOINTS). "
            "If nothing was ever signed: explainer audit checkpoint"
        )
    return CheckpointFolder(named or settings.checkpoint_folder)


def public_key(settings: Settings, told: str | None) -> Verifier:
    """Return the public key to verify with: as it was told, or of this machine's own key.

    Raises:
        VerificationError: If it is none, or this machine has no key: to verify makes none.
    """
    if told:
        return load_verifier(told)
    if not settings.signing_key.exists():
        raise VerificationError(
            f"This machine has no key of its own ({settings.signing_key}); give the public key that you have: --key"
        )
    return load_signer(settings.signing_key).verifier


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


def export_log(settings: Settings, out: Path) -> int:
    """Write every entry as a line of canonical JSON, up to the head of the log, which is signed now.

    Returns:
        The exit code: not 0 where more was signed than there is.

    Raises:
        ExplainerError: If the file cannot be written; what was there before stays.
    """
    vouched, why = _signed_now(settings)
    try:
        with database_session(settings) as session, written_whole(out) as file:
            file.writelines(export_entries(session, None if why else vouched))
            last = count_of(session) if why else vouched
    except OSError as error:
        raise ExplainerError(f"{out} cannot be written: {error.strerror or error}") from error
    console.print(f"Wrote {escape(str(out))}: {last:,} entries.", highlight=False)
    if vouched > last:
        console.print(f"[red]Not whole:[/] {vouched:,} entries were signed. {escape(why)}", highlight=False)
        return EXIT_CODES[Fault.TRUNCATED]
    if why:
        unsigned = f"Entries {vouched + 1:,} to {last:,} are not signed" if vouched < last else "Nothing is signed now"
        console.print(f"{unsigned}: {escape(why)}", style="yellow")
    return WHOLE


def _signed_now(settings: Settings) -> tuple[int, str]:
    """Sign the log and return up to which entry it is signed; and why it could not be, if so."""
    folder = CheckpointFolder(settings.checkpoint_folder)
    if not settings.signing_key.exists():  # a new one would sign what nobody trusts
        return folder.newest(), f"there is no key {settings.signing_key}. Export where the service runs."
    try:
        sign_head(Database(settings.url), folder, load_signer(settings.signing_key))
    except ExplainerError as error:
        return folder.newest(), str(error)
    return folder.newest(), ""


def _print(found: Verified, *, trusted_here: bool) -> None:
    console.print(f"[green]Whole:[/] {found.entries:,} entries, root {found.root}", highlight=False)
    if not found.checkpoints:
        console.print("No checkpoint vouches for it; sign it now: explainer audit checkpoint", style="yellow")
    else:
        console.print(f"{found.checkpoints:,} signed checkpoints fit, the last at entry {found.vouched:,}.")
        if found.unsigned:
            first = found.vouched + 1
            console.print(f"Entries {first:,} to {found.entries:,} nobody has signed yet.", style="yellow")
    if trusted_here:
        console.print("Checked with this machine's own key; an outsider takes theirs: --key", style="dim")
