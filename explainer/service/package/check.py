"""Is a package what was signed, and does what was signed fit together? Offline: nothing but the folder and a key.

In this order, so that nothing is read closely that nobody has vouched for: names of files, signature, hashes; then
every record against its entries, these against the log, the log against its checkpoints, the table against the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import polars as pl

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Verifier
from explainer.audit.sources import exported_entries
from explainer.audit.verify import LogEntry, Verified, verify
from explainer.service.audit_records import Provenance, is_intact
from explainer.service.package import manifest as names
from explainer.service.package.completeness import Completeness, pool_of
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.folder import check_files, files_in
from explainer.service.package.ledger import Ledger
from explainer.service.package.lines import records_in
from explainer.service.package.manifest import Manifest, read_manifest
from explainer.service.package.proofs import row_from
from explainer.service.package.records import Records
from explainer.service.package.removals import Removed
from explainer.service.package.table import ROWS, SCHEMA, frames
from explainer.storage.version_tables import PromptVersionRow

_MOST_PROVENANCE = 256_000_000


class Checked(msgspec.Struct, frozen=True):
    """What holds.

    Attributes:
        manifest: What the package says of itself; signed.
        log: The log, held against its checkpoints.
        last: The last of these; None where there is none, and then nobody but the manifest vouches for the log.
        proved: Entries about these records that were shown to be: record, digest, leaf, root. Every row that must have
            one has one.
        unsalted: Entries that nothing can be told of any more, each of which an erasure, or the end of its time, names.
        unkept: Entries about what does not stay as it was, as a review that is open.
        made: How many explanations were made in the time of the search, as the log says,
        gone: and how many of these were removed since.
        is_judged: Whether it was checked that all others are here; not where more than time narrows the search.
    """

    manifest: Manifest
    log: Verified
    last: Checkpoint | None
    proved: int
    unsalted: int
    unkept: int
    made: int
    gone: int
    is_judged: bool


def check_package(folder: Path, key: Verifier, kept: Path | None = None) -> Checked:
    """Check a package; memory grows by some 60 bytes an entry about its records, and with the size of a sample.

    Args:
        folder: The package.
        key: The public key, which whoever checks has from elsewhere.
        kept: A checkpoint that whoever checks has kept: nobody can take it out of the folder.

    Raises:
        PackageTamperError: At the first thing that is wrong with a file, a record, the selection or the table.
        TamperError: At the first that is wrong with the log.
        VerificationError: If a signature is false or missing, or anything cannot be read.
    """
    try:
        return _checked(folder, key, kept)
    except VerificationError:
        raise
    except (
        OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
        msgspec.MsgspecError, pl.exceptions.PolarsError, pl.exceptions.PanicException,
    ) as error:  # fmt: skip
        # What a key's owner signed may still be rubbish: whatever it makes stumble is no package of ours.
        raise VerificationError(f"{folder.name} cannot be read as a package: {error}") from error


def _checked(folder: Path, key: Verifier, kept: Path | None) -> Checked:
    there = files_in(folder)
    checkpoints = CheckpointFolder(folder / names.CHECKPOINTS)
    manifest = read_manifest(folder, checkpoints.trusted(key))
    check_files(folder, manifest, there)
    ledger = Ledger()
    removed = Removed(folder, ledger)
    records = Records(folder, manifest, ledger, removed, _versions(folder))
    records.check()
    ledger.close()
    here = records.ids if manifest.sample is None else pool_of(folder)
    completeness = Completeness(manifest, here, removed)
    signed = _Last(checkpoints.read(key, kept))
    log = verify(_watched(exported_entries(folder / names.LOG), ledger, completeness, removed), signed)
    _require_log(manifest, log, own=kept is not None)
    _check_table(folder)
    return Checked(
        manifest=manifest,
        log=log,
        last=signed.last,
        proved=records.proved,
        unsalted=records.unsalted,
        unkept=records.unkept,
        made=completeness.made,
        gone=completeness.gone,
        is_judged=completeness.is_judged,
    )


class _Last:
    """Remembers the last checkpoint of those that go by."""

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self._checkpoints = checkpoints
        self.last: Checkpoint | None = None

    def __iter__(self) -> Iterator[Checkpoint]:
        for one in self._checkpoints:
            self.last = one
            yield one


def _watched(
    entries: Iterable[LogEntry], ledger: Ledger, completeness: Completeness, removed: Removed
) -> Iterator[LogEntry]:
    """Yield the log's entries; those about what is in the package must be the ones that it says."""
    for entry in entries:
        ledger.hold(entry)
        completeness.take(entry)
        removed.take(entry)
        yield entry
    ledger.end()
    completeness.end()
    removed.end()


def _require_log(manifest: Manifest, log: Verified, *, own: bool) -> None:
    if (log.entries, log.root) != (manifest.log.size, manifest.log.root):
        raise PackageTamperError(PackageFault.FILE, names.LOG, "The log is another than the manifest says.")
    if log.checkpoints - own != manifest.log.checkpoints:
        raise PackageTamperError(PackageFault.FILE, names.CHECKPOINTS, "There are other checkpoints than were told.")


def _check_table(folder: Path) -> None:
    """Hold the table against the records, a group of rows at a time."""
    table = pl.scan_parquet(folder / names.TABLE, glob=False)
    if table.collect_schema() != SCHEMA:
        raise PackageTamperError(PackageFault.TABLE, names.TABLE, "The table has other columns than it must.")
    done = 0
    for frame in frames(records_in(folder / names.RECORDS)):
        if not table.slice(done, frame.height).collect().equals(frame):
            raise PackageTamperError(PackageFault.TABLE, names.TABLE, f"Rows {done + 1:,} and on are not the records'.")
        done += frame.height
    if table.slice(done, ROWS).collect().height:
        raise PackageTamperError(PackageFault.TABLE, names.TABLE, "The table has more rows than there are records.")


def _versions(folder: Path) -> set[str]:
    """Return the versions that the package has, once its prompts are those that their versions are the hashes of."""
    with (folder / names.PROVENANCE).open("rb") as file:
        raw = file.read(_MOST_PROVENANCE)
    made_by = msgspec.json.decode(raw, type=Provenance)
    if msgspec.json.encode(made_by) + b"\n" != raw:
        raise _wrong(names.PROVENANCE, f"{names.PROVENANCE} is not written as a package's files are.")
    for told in made_by.prompts:
        row = row_from(PromptVersionRow, {name: value for name, value in told.items() if name != "intact"})
        if not told["intact"] or not is_intact(row):
            raise _wrong(names.PROVENANCE, f"The prompts of version {row.version} are not those it is the hash of.")
    return {str(row["version"]) for row in (*made_by.prompts, *made_by.models)}


def _wrong(where: str, message: str) -> PackageTamperError:
    return PackageTamperError(PackageFault.RECORD, where, message)
