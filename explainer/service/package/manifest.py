"""What a package says of itself, and the note that its hash is signed in."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

import msgspec

from explainer.audit.errors import VerificationError
from explainer.audit.notes import Note, Signer, Verifier
from explainer.audit.rotations import require_in_use
from explainer.storage.listing import Search

MANIFEST, NOTE = "manifest.json", "manifest.note"
RECORDS, SALTS, REMOVALS, TABLE, LOG, PROVENANCE, IDS = (
    "records.jsonl",
    "salts.jsonl",
    "removals.jsonl",
    "records.parquet",
    "log.jsonl",
    "provenance.json",
    "ids.txt",
)
CHECKPOINTS = "checkpoints"
ALWAYS = frozenset({RECORDS, SALTS, REMOVALS, TABLE, LOG, PROVENANCE})
FORMAT = 2
PRIVACY = (
    "This package holds personal data: what users did and were shown. Keep it only where the audit needs it. Erase it "
    "when the audit is over, and erase what concerns a person when the service asks for it because that person's data "
    "was erased there. log.jsonl and checkpoints/ hold no personal text and may stay."
)
UNPROVED = (
    "Of an explanation: fingerprint, popularity and known_user.",
    "Of its draft and slots, and of those of later texts: more than that they give the text.",
    "Whether a better text was awaited (upgrade), and a review that is open.",
    "That no complaint, look or review was left out, with its entry: the log does not say what each was about.",
    "What the settings of a model were (provenance.json, models); prompts are what their version is the hash of.",
    "Where more than time narrows the search: that nothing is missing.",
    "That it was the service that removed what had its time: only where its key is can explainer audit check tell.",
)
"""What a package does not show, in words for whoever gets it."""
_HEAD = f"explainer audit package {FORMAT}"
_MOST_BYTES = 100_000_000
_CHECKPOINT = re.compile(rf"{CHECKPOINTS}/(\d{{18}}\.checkpoint|[0-9a-f]{{8}}-[0-9a-f]{{8}}\.rotation)")


class FileNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the package.

    Attributes:
        name: Its path in the package, with forward slashes.
        bytes: Its size.
        sha256: Its hash, hexadecimal.
    """

    name: str
    bytes: int
    sha256: str


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a sample was drawn from what the search finds; ``ids.txt`` has the ids of all of that, so draw it again.

    Attributes:
        seed: What it was drawn with.
        n: How many were asked for.
        found: How many there were to draw from.
        method: How, in words.
    """

    seed: str
    n: int
    found: int
    method: str


class LogNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The log as it is in the package.

    Attributes:
        size: Its entries.
        root: The root over them, hexadecimal.
        checkpoints: Checkpoints in the package: all up to this size. Each is signed, so the manifest has no hash of it.
    """

    size: int
    root: str
    checkpoints: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a package says of itself.

    Attributes:
        format: Of the package; this is 2.
        made_at: When, UTC.
        made_by: Version of the program.
        privacy: What whoever holds it has to know.
        unproved: What it does not show.
        search: What was searched; None does not narrow, ``until`` is the first moment outside: when it was begun to be
            made, if nothing else was asked for.
        sample: How a sample of that was drawn; None where all of it is here.
        explanations: Records in the package.
        entries: Entries of the log about them.
        log: The log.
        columns: Column of the table → what it holds.
        files: Every file but the manifest, its note and the checkpoints, by name.
    """

    format: int
    made_at: datetime
    made_by: str
    privacy: str
    unproved: list[str]
    search: Search
    sample: Drawn | None
    explanations: int
    entries: int
    log: LogNote
    columns: dict[str, str]
    files: list[FileNote]


class _Format(msgspec.Struct):
    format: int
    made_by: str


def written(manifest: Manifest) -> bytes:
    """Return a manifest as its file has it: one way to write it, so a second reading cannot differ."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def signed(manifest: bytes, made_at: datetime, signer: Signer) -> str:
    """Return the note that vouches for a manifest."""
    return signer.sign(_text(manifest, made_at))


def read_manifest(folder: Path, keys: list[Verifier]) -> Manifest:
    """Return the manifest of a package, once a trusted key has vouched for it.

    Raises:
        VerificationError: If none has, if it is another than the one that was signed, or none.
        OSError: If it cannot be read.
    """
    note = Note.read(_read(folder / NOTE))
    signers = [
        key for key in keys if key.verify(note)
    ]  # all of them: a false signature must not hide behind a good one
    if not signers:
        raise VerificationError(f"{NOTE}: not signed by {keys[0].name!r}, nor by a key that it stands for.")
    raw = _read(folder / MANIFEST)
    lines = note.text.split("\n")
    if lines[0] != _HEAD or f"sha256 {hashlib.sha256(raw).hexdigest()}" not in lines:
        raise VerificationError(f"{MANIFEST}: not the manifest that {NOTE} vouches for.")
    try:
        _require_format(raw)
        manifest = msgspec.json.decode(raw, type=Manifest)
        same = written(manifest) == raw and note.text == _text(raw, manifest.made_at)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        raise VerificationError(f"{MANIFEST}: no manifest of a package ({error}).") from error
    if not same:
        raise VerificationError(f"{MANIFEST}: not written as a package of format {FORMAT} is.")
    require_in_use(signers, manifest.log.size)
    return manifest


def _require_format(raw: bytes) -> None:
    told = msgspec.json.decode(raw, type=_Format)
    if told.format != FORMAT:
        raise VerificationError(
            f"{MANIFEST}: a package of format {told.format}, made by release {told.made_by}; this program checks those "
            f"of format {FORMAT}. Check it with that release, or ask for a new package."
        )


def is_checkpoint(name: str) -> bool:
    """Return whether a file of this name may lie among the checkpoints."""
    return _CHECKPOINT.fullmatch(name) is not None


def _text(manifest: bytes, made_at: datetime) -> str:
    digest = hashlib.sha256(manifest).hexdigest()
    return f"{_HEAD}\nmade {made_at.isoformat(timespec='seconds')}\nsha256 {digest}\n"


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise VerificationError(f"{path.name}: too long; at most {_MOST_BYTES:,} bytes.")
    return raw
