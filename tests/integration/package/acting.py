"""What tests of packages read in one, and how they alter it as an intruder or as the owner of the key."""

from __future__ import annotations

import msgspec
import pytest

from explainer.access import Caller, Role
from explainer.audit import log
from explainer.audit.notes import Signer
from explainer.files import file_hash
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageTamperError
from explainer.service.package.lines import records_in
from explainer.service.package.manifest import FileNote, Manifest
from explainer.service.package.table import write_table
from explainer.service.views import Looker
from explainer.storage.reading_tables import RevisionRow
from explainer.view import revision_record

SIGNER = Signer("shop", bytes(range(32)))
KEY = SIGNER.verifier
LOOKER = Looker(Caller("ada", Role.AUDITOR, frozenset()))


_ABOUT = {
    "explanation.revised": ("revisions", []),
    "explanation.suppressed": ("suppression", None),
    "counterfactual.found": ("counterfactual", None),
}


def lines(folder, name=names.RECORDS):
    return [msgspec.json.decode(line) for line in (folder / name).read_bytes().splitlines()]


def ids(folder):
    return [one["explanation"]["id"] for one in lines(folder)]


def resign(folder, signer=SIGNER, **changes):
    """Make the manifest fit the files again and sign it, as the owner of the key can."""
    old = msgspec.json.decode((folder / names.MANIFEST).read_bytes(), type=Manifest)
    paths = sorted(path for path in folder.iterdir() if path.is_file() and "manifest" not in path.name)
    files = [FileNote(p.relative_to(folder).as_posix(), p.stat().st_size, file_hash(p)) for p in paths]
    raw = names.written(msgspec.structs.replace(old, files=files, **changes))
    (folder / names.MANIFEST).write_bytes(raw)
    (folder / names.NOTE).write_text(names.signed(raw, old.made_at, signer), encoding="utf-8")


def rewrite(folder, name, change):
    """Change the JSON lines of a file in place: ``change(lines)`` may return others."""
    held = lines(folder, name)
    write(folder, name, change(held) or held)


def fault(folder):
    with pytest.raises(PackageTamperError) as raised:
        check_package(folder, KEY)
    return raised.value.fault, raised.value.where


def revise(database, row, text, *, logged=True):
    """Store a later text of an explanation, as a job does; or as an intruder, who writes to the table alone."""
    with database.session() as session:
        made = RevisionRow(
            explanation_id=row.id,
            number=2,
            text=text,
            draft=text,
            slots={},
            source="model",
            gate_failures=[],
            prompt_hash="",
            prompt_version=row.prompt_version,
            writer_version=row.writer_version,
        )
        session.add(made)
        session.flush()
        if logged:
            log.append(session, "explanation.revised", row.id, revision_record(made), [row.user_id])


def leave_out(folder, event):
    """Take what an event is about out of the records, with its entry and its proof: the first that there is."""
    held, proofs = lines(folder), lines(folder, names.SALTS)
    record, entry = next((one, entry) for one in held for entry in one["entries"] if entry["event"] == event)
    if event == "explanation.created":
        gone = {entry["seq"] for entry in record["entries"]}
        held.remove(record)
    else:
        gone = {entry["seq"]}
        record["entries"].remove(entry)
        kind, nothing = _ABOUT[event]
        record[kind] = nothing
    write(folder, names.RECORDS, held)
    write(folder, names.SALTS, [one for one in proofs if one["seq"] not in gone])
    write_table(folder / names.TABLE, lambda: records_in(folder / names.RECORDS))
    entries = sum(len(one["entries"]) for one in held)
    resign(folder, explanations=len(held), entries=entries)
    return entry["seq"]


def write(folder, name, held):
    (folder / name).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in held))
