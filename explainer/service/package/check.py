"""Is a package what was signed, and does what was signed fit together? Offline: nothing but the folder and a key.

In this order, so that nothing is read closely that nobody has vouched for: names of files, signature, hashes; then the
log against its checkpoints, every record against its entries, these against the log, and the table against the records.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.entries import entry_line, leaf_of, moment_of
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import HASH_BYTES, leaf_hash
from explainer.audit.notes import Verifier
from explainer.audit.sources import exported_entries
from explainer.audit.verify import LogEntry, Verified, verify
from explainer.service.audit_records import AuditRecord, Entry, Provenance, is_intact
from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.folder import check_files, files_in
from explainer.service.package.lines import Proof, proofs_in, records_in
from explainer.service.package.manifest import Manifest, read_manifest
from explainer.service.package.proofs import is_digest_of, row_from, statement_of
from explainer.service.package.selection import Pool, Selection
from explainer.service.package.table import ROWS, SCHEMA, frames
from explainer.storage.version_tables import PromptVersionRow

_MADE = "explanation.created"
_MOST_PROVENANCE = 256_000_000


class Checked(msgspec.Struct, frozen=True):
    """What holds.

    Attributes:
        manifest: What the package says of itself; signed.
        log: The log, held against its checkpoints.
        proved: Entries about these records that were shown to be: record, digest, leaf, root.
        unsalted: Entries that nothing can be told of, since their salt was erased; also those whose record is gone.
        unkept: Entries about what does not stay as it was, as a review that is open.
        made: Entries of the whole log in the time of the search that say that an explanation was made: as many as
            records here if nothing narrowed the search but time, nothing was drawn and nothing erased.
    """

    manifest: Manifest
    log: Verified
    proved: int
    unsalted: int
    unkept: int
    made: int


def check_package(folder: Path, key: Verifier) -> Checked:
    """Check a package; memory grows by 40 bytes an entry about its records, and with the size of a sample.

    Args:
        folder: The package.
        key: The public key, which whoever checks has from elsewhere.

    Raises:
        PackageTamperError: At the first thing that is wrong with a file, a record, the selection or the table.
        TamperError: At the first that is wrong with the log.
        VerificationError: If a signature is false or missing, or anything cannot be read.
    """
    try:
        there = files_in(folder)
        checkpoints = CheckpointFolder(folder / names.CHECKPOINTS)
        manifest = read_manifest(folder, checkpoints.trusted(key))
        check_files(folder, manifest, there)
        records = _Records(folder, manifest)
        records.check()
        log = _check_log(folder, manifest, checkpoints, key, records)
        _check_table(folder)
    except VerificationError:
        raise
    except (
        OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
        msgspec.MsgspecError, pl.exceptions.PolarsError, pl.exceptions.PanicException,
    ) as error:  # fmt: skip
        # What a key's owner signed may still be rubbish: whatever it makes stumble is no package of ours.
        raise VerificationError(f"{folder.name} cannot be read as a package: {error}") from error
    return Checked(manifest, log, records.proved, records.unsalted, records.unkept, records.made)


class _Records:
    """The records, held against their proofs; remembers the leaves that the log must have."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = folder, manifest
        self._seqs, self._leaves = array("q"), bytearray()
        self.proved = self.unsalted = self.unkept = self.made = 0
        self._versions = _versions(folder)
        self._pool = None if manifest.sample is None else Pool(folder)

    def check(self) -> None:
        selection, number = Selection(self._folder, self._manifest), 0
        proofs = proofs_in(self._folder / names.SALTS)
        for record in records_in(self._folder / names.RECORDS):
            number += 1
            selection.show(record)
            self._require_versions(record)
            self._check_entries(record, proofs)
        selection.end()
        if next(proofs, None) is not None or (number, len(self._seqs)) != (
            self._manifest.explanations,
            self._manifest.entries,
        ):
            raise _wrong(names.RECORDS, "There are not as many records and entries as the manifest says.")

    def watched(self, entries: Iterable[LogEntry]) -> Iterator[LogEntry]:
        """Yield the log's entries; those about these records must be the ones that they say."""
        seqs = np.asarray(self._seqs, dtype=np.int64)
        order = np.argsort(seqs, kind="stable")
        place, search = 0, self._manifest.search
        # Moments are written alike, so their order is that of their letters.
        since = "" if search.since is None else moment_of(search.since)
        until = None if search.until is None else moment_of(search.until)
        for entry in entries:
            if entry.event == _MADE:
                self.made += since <= entry.at and (until is None or entry.at < until)
                if self._pool is not None:
                    self._pool.take(entry.record_id)
            while place < len(order) and seqs[order[place]] == entry.seq:
                self._require_leaf(entry, int(order[place]))
                place += 1
            yield entry
        if self._pool is not None:
            self._pool.end()
        if place < len(order):
            seq = int(seqs[order[place]])
            raise _wrong(f"entry {seq}", f"A record here has entry {seq}, and the log has none of that number.")

    def _require_leaf(self, entry: LogEntry, place: int) -> None:
        told = bytes(self._leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES])
        if told != leaf_hash(entry_line(*entry[:5])):
            raise _wrong(f"entry {entry.seq}", f"Entry {entry.seq} of the log is another than a record here says.")

    def _check_entries(self, record: AuditRecord, proofs: Iterator[Proof]) -> None:
        one = record.explanation["id"]
        made = [entry for entry in record.entries if entry.event == _MADE and entry.record_id == one]
        if len(made) != 1:
            raise _wrong(one, f"Explanation {one}: the log says {len(made)} times that it was made, not once.")
        for entry in record.entries:
            proof = next(proofs, None)
            if proof is None or proof.seq != entry.seq:
                raise _wrong(one, f"Explanation {one}: {names.SALTS} has no line for entry {entry.seq}.")
            self._check_proof(record, entry, proof)
            self._seqs.append(entry.seq)
            self._leaves += leaf_of(entry.seq, entry.at, entry.event, entry.record_id, entry.digest)

    def _check_proof(self, record: AuditRecord, entry: Entry, proof: Proof) -> None:
        one = record.explanation["id"]
        try:
            statement = statement_of(record, entry, proof.salt)
        except VerificationError as error:
            raise _wrong(one, f"Explanation {one}: {error}") from error
        told = None if proof.digested is None else proof.digested.encode()
        if told != statement:
            raise _wrong(one, f"Explanation {one}: {names.SALTS} says something else of it at entry {entry.seq}.")
        if statement is None:
            self.unkept += 1
        elif is_digest_of(entry.digest, statement, proof.salt):
            self.proved += 1
        elif proof.salt is None and entry.event != _MADE:
            self.unsalted += 1  # words that were emptied after their time (see explainer retention)
        else:
            why = "is not" if proof.salt else "has lost its salt, which is erased with the record alone: it may not be"
            raise _wrong(one, f"Explanation {one} {why} what entry {entry.seq} ({entry.event}) was made of.")

    def _require_versions(self, record: AuditRecord) -> None:
        one = record.explanation
        wanted = {one["prompt_version"], one["recommender_version"], one["writer_version"]}
        if not wanted <= self._versions:
            raise _wrong(one["id"], f"Explanation {one['id']}: {names.PROVENANCE} lacks a version that made it.")


def _check_log(
    folder: Path, manifest: Manifest, checkpoints: CheckpointFolder, key: Verifier, records: _Records
) -> Verified:
    log = verify(records.watched(exported_entries(folder / names.LOG)), checkpoints.read(key))
    if (log.entries, log.root) != (manifest.log.size, manifest.log.root):
        raise PackageTamperError(PackageFault.FILE, names.LOG, "The log is another than the manifest says.")
    if log.checkpoints != manifest.log.checkpoints:
        raise PackageTamperError(PackageFault.FILE, names.CHECKPOINTS, "There are other checkpoints than were told.")
    return log


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
