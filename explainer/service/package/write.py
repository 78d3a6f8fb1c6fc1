"""Make a package: records first, then the log they are in, then what vouches for both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from explainer import __version__
from explainer.audit import log
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.merkle import Tree, leaf_hash
from explainer.audit.notes import Signer
from explainer.audit.sources import export_entries
from explainer.errors import ExplainerError
from explainer.files import file_hash
from explainer.service.audit_records import AuditRecord, audit_records, made_by
from explainer.service.audit_samples import METHOD, draw_from
from explainer.service.package import manifest as names
from explainer.service.package.lines import proof_lines, records_in
from explainer.service.package.manifest import Drawn, FileNote, LogNote, Manifest
from explainer.service.package.table import MEANINGS, write_table
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import explanations_named
from explainer.storage.listing import Search, moment
from explainer.storage.walks import explanation_chunks, explanation_ids

_CHUNK = 100
OnProgress = Callable[[str], None]


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


def write_package(
    database: Database, packer: Packer, wanted: Wanted, out: Path, on_progress: OnProgress = lambda _: None
) -> Manifest:
    """Write a package; memory grows with the size of the sample and of the log's history, not with the records.

    It is written beside and moved to its place when whole. That it was made stands in the log, after the part of it
    that the package has.

    Args:
        database: Holds the records.
        packer: What vouches for it.
        wanted: What goes into it.
        out: The folder; there must be none yet.
        on_progress: Called with the file that is being written.

    Raises:
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
        ExplainerError: If the folder is there already or cannot be written.
    """
    if out.exists():
        raise ExplainerError(f"{out} is there already; name a folder that is not, so that no old file stays in it.")
    fresh = out.with_name(f".{out.name}.unfinished")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / names.CHECKPOINTS).mkdir(parents=True)
        made = _write(database, packer, wanted, fresh, on_progress)
        fresh.rename(out)
    except OSError as error:
        raise ExplainerError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def _write(database: Database, packer: Packer, wanted: Wanted, out: Path, on_progress: OnProgress) -> Manifest:
    wanted = replace(wanted, search=_in_utc(wanted.search))
    with database.session() as session:
        on_progress(names.RECORDS)
        sample, chunks = _chosen(session, wanted, out)
        tally = _write_records(session, chunks, out)
        on_progress(names.PROVENANCE)
        (out / names.PROVENANCE).write_bytes(msgspec.json.encode(made_by(session, tally.prompts, tally.models)) + b"\n")
    on_progress(names.TABLE)
    write_table(out / names.TABLE, lambda: records_in(out / names.RECORDS))
    on_progress(names.LOG)
    sign_head(database, packer.folder, packer.signer)
    with database.session() as session:
        tree = _write_log(session, out / names.LOG, packer.folder.newest())
    copied = _copy_checkpoints(packer.folder.folder, out / names.CHECKPOINTS, tree.size)
    made = Manifest(
        format=names.FORMAT,
        made_at=now(),
        made_by=__version__,
        privacy=names.PRIVACY,
        search=wanted.search,
        sample=sample,
        explanations=tally.explanations,
        entries=tally.entries,
        log=LogNote(tree.size, tree.root().hex(), copied),
        columns=MEANINGS,
        files=_files(out),
    )
    _sign(database, packer.signer, made, out)
    return made


def _in_utc(search: Search) -> Search:
    return replace(search, since=moment(search.since), until=moment(search.until))


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
    texts = [record.explanation, *record.revisions]
    tally.prompts.update(one["prompt_version"] for one in texts)
    tally.models.update(one["writer_version"] for one in texts)
    tally.models.add(record.explanation["recommender_version"])


def _write_log(session: Session, path: Path, last: int) -> Tree:
    """Write the log up to the entry that was signed last: what came since, nobody vouches for yet."""
    tree = Tree()
    with path.open("wb") as file:
        for line in export_entries(session, last):
            tree.append(leaf_hash(line[:-1]))
            file.write(line)
    return tree


def _copy_checkpoints(kept: Path, to: Path, size: int) -> int:
    """Copy the signed checkpoints up to a size, and the introductions of keys; return how many checkpoints these are.

    All of them: each says which one came before it, and one that is missing was taken away.
    """
    there = [path for path in sorted(kept.glob("*.checkpoint")) if path.stem.isdigit() and int(path.stem) <= size]
    for path in (*there, *kept.glob("*.rotation")):
        shutil.copyfile(path, to / path.name)
    return len(there)


def _files(out: Path) -> list[FileNote]:
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    return [FileNote(path.relative_to(out).as_posix(), path.stat().st_size, file_hash(path)) for path in paths]


def _sign(database: Database, signer: Signer, made: Manifest, out: Path) -> None:
    raw = names.written(made)
    (out / names.MANIFEST).write_bytes(raw)
    (out / names.NOTE).write_text(names.signed(raw, made.made_at, signer), encoding="utf-8")
    digest = file_hash(out / names.MANIFEST)
    with database.session() as session:
        log.append(session, "audit.packaged", digest, {"manifest": digest, "explanations": made.explanations})
