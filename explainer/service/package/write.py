"""Make a package: the records and the log that they are in, of one moment, then what vouches for both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from explainer import __version__
from explainer.audit import log
from explainer.audit.checkpointer import sign_after
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.merkle import Tree, leaf_hash
from explainer.audit.notes import Signer
from explainer.audit.sources import export_entries
from explainer.audit.staff import on_record
from explainer.errors import ExplainerError
from explainer.files import file_hash
from explainer.service.audit_records import AuditRecord, audit_records, made_by, unreadable
from explainer.service.audit_samples import METHOD, draw_from
from explainer.service.package import manifest as names
from explainer.service.package.lines import proof_lines, records_in
from explainer.service.package.manifest import Drawn, FileNote, LogNote, Manifest
from explainer.service.package.removals import removal_lines
from explainer.service.package.table import MEANINGS, write_table
from explainer.service.views import Looker, note_look
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import explanations_named
from explainer.storage.listing import Search, moment
from explainer.storage.walks import explanation_chunks, explanation_ids

_CHUNK = 100
OnProgress = Callable[[str], None]


class UnwritableError(ExplainerError):
    """A package cannot be written where it was wanted; the message names the place."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into a package.

    Attributes:
        search: What is looked for.
        seed: What a sample is drawn with; empty takes all.
        n: How many are drawn.
    """

    search: Search
    seed: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class Packer:
    """What vouches for packages.

    Attributes:
        folder: Where signed checkpoints are kept.
        signer: Signs the manifest and, first, the log as it is then.
        scratch: Where packages lie while they are made and sent, where nobody else may write.
    """

    folder: CheckpointFolder
    signer: Signer
    scratch: Path


@dataclass
class _Tally:
    explanations: int = 0
    entries: int = 0
    prompts: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)


def write_package(
    database: Database,
    packer: Packer,
    wanted: Wanted,
    looker: Looker,
    out: Path,
    on_progress: OnProgress = lambda _: None,
) -> Manifest:
    """Write a package; memory grows with the size of the sample and of the log's history, not with the records.

    It is written beside, where nobody else may read it, and moved to its place when whole. That it was made, and who
    looked at whose records by it, stands in the log, after the part of it that the package has.

    Args:
        database: Holds the records.
        packer: What vouches for it.
        wanted: What goes into it.
        looker: Who gets it.
        out: The folder; there must be none yet.
        on_progress: Called with the file that is being written.

    Raises:
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
        UnwritableError: If the folder cannot be written.
        ExplainerError: If it is there already, if the log cannot be signed, or if a record cannot be read.
    """
    if out.exists():
        raise ExplainerError(f"{out} is there already; name a folder that is not, so that no old file stays in it.")
    fresh = out.with_name(f".{out.name}.unfinished")
    wanted = replace(wanted, search=_as_of_now(wanted.search))
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        (fresh / names.CHECKPOINTS).mkdir(mode=0o700)
        made = _write(database, packer, wanted, looker, fresh, on_progress)
        fresh.rename(out)
    except OSError as error:
        raise UnwritableError(f"{out} cannot be written: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise ExplainerError(unreadable(database, wanted.search)) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def _write(
    database: Database, packer: Packer, wanted: Wanted, looker: Looker, out: Path, on_progress: OnProgress
) -> Manifest:
    last = packer.folder.last(packer.signer.verifier)  # before the log is looked at, see sign_head
    with database.snapshot() as session:
        on_progress(names.RECORDS)
        sample, chunks = _chosen(session, wanted, out)
        tally = _write_records(session, chunks, out)
        on_progress(names.PROVENANCE)
        (out / names.PROVENANCE).write_bytes(msgspec.json.encode(made_by(session, tally.prompts, tally.models)) + b"\n")
        with (out / names.REMOVALS).open("wb") as file:
            file.writelines(removal_lines(session))
        on_progress(names.LOG)
        _sign_log(session, database, packer, last)
        tree = _write_log(session, out / names.LOG)
    on_progress(names.TABLE)
    write_table(out / names.TABLE, lambda: records_in(out / names.RECORDS))
    made = Manifest(
        format=names.FORMAT,
        made_at=now(),
        made_by=__version__,
        privacy=names.PRIVACY,
        unproved=list(names.UNPROVED),
        search=wanted.search,
        sample=sample,
        explanations=tally.explanations,
        entries=tally.entries,
        log=LogNote(tree.size, tree.root().hex(), _copy_checkpoints(packer.folder.folder, out, tree.size)),
        columns=MEANINGS,
        files=_files(out),
    )
    _sign(packer.signer, made, out)
    for path in out.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    _note(database, looker, made, out, tally.users)
    return made


def _as_of_now(search: Search) -> Search:
    return replace(search, since=moment(search.since), until=moment(search.until) or now())


def _chosen(session: Session, wanted: Wanted, out: Path) -> tuple[Drawn | None, Iterator[list[ExplanationRow]]]:
    """Return how a sample was drawn, and what goes into the package, some explanations at a time."""
    if not wanted.seed:
        return None, (list(rows) for rows in explanation_chunks(session, wanted.search, _CHUNK))
    with (out / names.IDS).open("w", encoding="utf-8") as file:
        file.writelines(f"{one}\n" for one in explanation_ids(session, wanted.search))
    with (out / names.IDS).open(encoding="utf-8") as file:
        found, drawn = draw_from((line.rstrip("\n") for line in file), wanted.seed, wanted.n)
    steps = range(0, len(drawn), _CHUNK)
    chunks = (explanations_named(session, drawn[step : step + _CHUNK]) for step in steps)
    return Drawn(wanted.seed, wanted.n, found, METHOD), chunks


def _write_records(session: Session, chunks: Iterator[list[ExplanationRow]], out: Path) -> _Tally:
    tally, encoder = _Tally(), msgspec.json.Encoder()
    with (out / names.RECORDS).open("wb") as records, (out / names.SALTS).open("wb") as salts:
        for rows in chunks:
            lines = [encoder.encode(record) + b"\n" for record in audit_records(session, rows)]
            read = [msgspec.json.decode(line, type=AuditRecord) for line in lines]
            records.writelines(lines)
            salts.writelines(proof_lines(session, read))
            session.expunge_all()
            for record in read:
                _count(tally, record)
    return tally


def _count(tally: _Tally, record: AuditRecord) -> None:
    tally.explanations += 1
    tally.entries += len(record.entries)
    tally.users.add(record.explanation["user_id"])
    texts = [record.explanation, *record.revisions]
    tally.prompts.update(one["prompt_version"] for one in texts)
    tally.models.update(one["writer_version"] for one in texts)
    tally.models.add(record.explanation["recommender_version"])


def _write_log(session: Session, path: Path) -> Tree:
    """Write the log as it is in the session's transaction, in which it was signed to its end."""
    tree = Tree()
    with path.open("wb") as file:
        for line in export_entries(session):
            tree.append(leaf_hash(line[:-1]))
            file.write(line)
    return tree


def _sign_log(session: Session, database: Database, packer: Packer, last: Checkpoint | None) -> None:
    """Sign the log as it is in the session's transaction.

    Raises:
        VerificationError: If it is not the continuation of what was signed last.
        ExplainerError: If the checkpoint cannot be written.
    """
    try:
        sign_after(session, database, packer.folder, packer.signer, last)
    except OSError as error:
        raise ExplainerError(
            "The log cannot be signed, since its folder of checkpoints cannot be written "
            f"({error.strerror or error}): see EXPLAINER_CHECKPOINTS."
        ) from error


def _copy_checkpoints(kept: Path, out: Path, size: int) -> int:
    """Copy the signed checkpoints up to a size, and the introductions of keys; return how many checkpoints these are.

    All of them: each says which one came before it, and one that is missing was taken away.
    """
    there = [path for path in sorted(kept.glob("*.checkpoint")) if path.stem.isdigit() and int(path.stem) <= size]
    for path in (*there, *kept.glob("*.rotation")):
        shutil.copyfile(path, out / names.CHECKPOINTS / path.name)
    return len(there)


def _files(out: Path) -> list[FileNote]:
    """Return every file that is there, but checkpoints: they are signed themselves, and there may be very many."""
    paths = sorted(path for path in out.iterdir() if path.is_file())
    return [FileNote(path.name, path.stat().st_size, file_hash(path)) for path in paths]


def _sign(signer: Signer, made: Manifest, out: Path) -> None:
    raw = names.written(made)
    (out / names.MANIFEST).write_bytes(raw)
    (out / names.NOTE).write_text(names.signed(raw, made.made_at, signer), encoding="utf-8")


def _note(database: Database, looker: Looker, made: Manifest, out: Path, users: Collection[str]) -> None:
    """Put on record that a package was made, and each look that it is: at those who are drawn, or at all."""
    whose: list[str | None] = [made.search.user] if made.sample is None else [*sorted(users)]
    digest = file_hash(out / names.MANIFEST)
    with database.session() as session:
        who = on_record(session, looker.caller.name)
        record = {"manifest": digest, "explanations": made.explanations, "by": who}
        for user in whose:
            note_look(session, looker, user, "download", sensitive=True)
        log.append(session, "audit.packaged", digest, record)
