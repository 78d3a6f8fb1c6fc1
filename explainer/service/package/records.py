"""The records of a package, held against their proofs: every row has its entry, and every entry its row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from explainer.audit.errors import VerificationError
from explainer.service.audit_records import AuditRecord, Entry
from explainer.service.package import manifest as names
from explainer.service.package.completeness import MADE
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.ledger import Ledger, Names
from explainer.service.package.lines import Proof, proofs_in, records_in
from explainer.service.package.manifest import Manifest
from explainer.service.package.proofs import KIND_OF, Held, HeldRows, held_in, proved_by, statement_of
from explainer.service.package.removals import Removed
from explainer.service.package.selection import Selection
from explainer.storage.personal import is_empty
from explainer.storage.private import private_counts
from explainer.writing.slots import fill, fill_plainly


class Records:
    """See the module.

    Args:
        folder: The package.
        manifest: What it says of itself.
        ledger: Is told the entries that the records list, and what they are about.
        removed: What was removed.
        versions: What made texts, as far as the package has it.

    Attributes:
        ids: The explanations.
        proved: Entries that were shown to be about these records as they are.
        unsalted: Entries that nothing can be told of, since a removal has taken their salt.
        unkept: Entries about what does not stay as it was, as a review that is open.
    """

    def __init__(self, folder: Path, manifest: Manifest, ledger: Ledger, removed: Removed, versions: set[str]) -> None:
        self._folder, self._manifest = folder, manifest
        self._ledger, self._removed, self._versions = ledger, removed, versions
        self.ids = Names()
        self.proved = self.unsalted = self.unkept = 0

    def check(self) -> None:
        """Check all of them.

        Raises:
            PackageTamperError: At the first thing that is wrong with a record or the selection.
            VerificationError: If a line is none.
        """
        selection, number = Selection(self._folder, self._manifest), 0
        proofs = proofs_in(self._folder / names.SALTS)
        for record in records_in(self._folder / names.RECORDS):
            number += 1
            selection.show(record)
            self._check(record, proofs)
            self.ids.add(record.explanation["id"])
        selection.end()
        self.ids.close()
        told = self.proved + self.unsalted + self.unkept
        if next(proofs, None) is not None or (number, told) != (self._manifest.explanations, self._manifest.entries):
            raise _wrong(names.RECORDS, "There are not as many records and entries as the manifest says.")

    def _check(self, record: AuditRecord, proofs: Iterator[Proof]) -> None:
        one = record.explanation["id"]
        self._require_versions(record)
        try:
            held = held_in(record)
        except VerificationError as error:
            raise _wrong(one, f"Explanation {one}: {error}") from error
        made = [entry for entry in record.entries if entry.event == MADE and entry.record_id == one]
        if len(made) != 1:
            raise _wrong(one, f"Explanation {one}: the log says {len(made)} times that it was made, not once.")
        due = {row: None for row in held.rows if row.due}
        for entry in record.entries:
            proof = next(proofs, None)
            if proof is None or proof.seq != entry.seq:
                raise _wrong(one, f"Explanation {one}: {names.SALTS} has no line for entry {entry.seq}.")
            self._check_entry(one, entry, proof, held, due)
            self._ledger.expect(entry.seq, entry.at, entry.event, entry.record_id, entry.digest)
        for row in due:
            raise _wrong(one, f"Explanation {one}: the log has no entry of {row.name}, as it is here.")
        for row in held.rows:
            self._ledger.cover(row.reference)
        _require_derived(record)

    def _check_entry(self, one: str, entry: Entry, proof: Proof, held: HeldRows, due: dict[Held, None]) -> None:
        meant = held.meant_by(entry)
        try:
            found = proved_by(entry, proof.salt, meant)
        except VerificationError as error:
            raise _wrong(one, f"Explanation {one}: {error}") from error
        told = None if proof.digested is None else proof.digested.encode()
        if told != statement_of(found, meant):
            raise _wrong(one, f"Explanation {one}: {names.SALTS} says something else of it at entry {entry.seq}.")
        if entry.event not in KIND_OF:
            self.unkept += 1
        elif found is not None and found in due:
            del due[found]
            self.proved += 1
        elif proof.salt is None and self._is_removed(entry) and all(is_empty(row.row) for row in meant):
            self.unsalted += 1
            for row in meant:
                due.pop(row, None)
        else:
            raise _wrong(one, f"Explanation {one}: {_why(entry, proof, meant)}")
        if entry.matches is not (None if entry.event not in KIND_OF else found is not None):
            raise _wrong(one, f"Explanation {one} says otherwise of entry {entry.seq} than its digest.")

    def _is_removed(self, entry: Entry) -> bool:
        return self._removed.cover(entry.seq, entry.event, entry.record_id, entry.at)

    def _require_versions(self, record: AuditRecord) -> None:
        one = record.explanation
        wanted = {one["recommender_version"]}
        for text in (one, *record.revisions):
            wanted |= {text["prompt_version"], text["writer_version"]}
        if not wanted <= self._versions:
            raise _wrong(one["id"], f"Explanation {one['id']}: {names.PROVENANCE} lacks a version that made it.")


def _require_derived(record: AuditRecord) -> None:
    """Hold what follows from the rest of a record against it."""
    one = record.explanation["id"]
    if record.private != private_counts(record.explanation["asked"]):
        raise _wrong(one, f"Explanation {one}: its counts of private behaviours are not those of what was asked.")
    for text in (record.explanation, *record.revisions):
        if not _is_filled(text):
            raise _wrong(one, f"Explanation {one}: a draft of it, with its slots filled, is not its text.")


def _is_filled(text: dict[str, Any]) -> bool:
    try:
        return text["text"] in {fill(text["draft"], text["slots"]), fill_plainly(text["draft"], text["slots"])}
    except (KeyError, TypeError, AttributeError):
        return False


def _why(entry: Entry, proof: Proof, meant: list[Held]) -> str:
    what = f"entry {entry.seq} ({entry.event}) of {entry.record_id}"
    if proof.salt is None:
        return f"{what} has lost its salt, and no erasure or end of its time names it."
    if not meant:
        return f"what {what} is about is not here."
    return f"{what} was made of something else than what is here, or is told twice."


def _wrong(where: str, message: str) -> PackageTamperError:
    return PackageTamperError(PackageFault.RECORD, where, message)
