"""Every reader of the log's files, fed with bytes: it may refuse them in its own words, and nothing else.

A target takes bytes and raises only if a promise is broken: another error than the one that is stated escapes, two
readers that must agree do not, or something passes that nobody has signed. A fuzzer that watches which branches run
(``make fuzz``) looks for such bytes; whatever it finds is kept under ``found`` and tested ever after.
"""

from __future__ import annotations

import base64
import contextlib
import io
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from explainer.audit import verify_alone
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.entries import entry_bytes
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier
from explainer.audit.merkle import Tree, is_consistent, is_included, leaf_hash
from explainer.audit.notes import Note, Signer, Verifier
from explainer.audit.proofs import ConsistencyProof, InclusionProof, check_proof, read_proof
from explainer.audit.rotations import rotation_note
from explainer.audit.sources import StoredNodes, exported_entries, stored_entries
from explainer.audit.verify import TamperError, verify

FOUND = Path(__file__).parent / "found"
OLD, NEW = Signer("shop", bytes(range(32))), Signer("shop.2", bytes(range(1, 33)))
SIZE = 5
_AT = datetime(2026, 11, 25, tzinfo=UTC)
_PARTS = b"\x00\x00"
_ENTRIES = [entry_bytes(seq, _AT, "test.happened", f"r{seq}", "ab" * 32) for seq in range(1, SIZE + 1)]
_EXPORT = b"".join(entry + b"\n" for entry in _ENTRIES)


def _tree(size: int) -> Tree:
    tree = Tree()
    for entry in _ENTRIES[:size]:
        tree.append(leaf_hash(entry))
    return tree


_CHECKPOINT = Checkpoint("shop", SIZE, _tree(SIZE).root(), "2026-11-25T00:00:00+00:00")
_NOTE = OLD.sign(_CHECKPOINT.text()).encode()
_ROTATION = OLD.sign(f"rotation to\n{NEW.verifier}\n").encode()
_BOTH = rotation_note(OLD, NEW, SIZE).encode()
_NEWER = NEW.sign(Checkpoint("shop.2", SIZE, _CHECKPOINT.root).text()).encode()
_SIGNED = {note.decode().rpartition("\n\n")[0] + "\n" for note in (_NOTE, _ROTATION, _BOTH, _NEWER)}


def note(raw: bytes) -> None:
    """A note that is verified has a text that its key has signed."""
    with contextlib.suppress(VerificationError):
        read = Note.read(raw)
        if OLD.verifier.verify(read) or NEW.verifier.verify(read):
            assert read.text in _SIGNED, "nobody has signed this"


def checkpoint(raw: bytes) -> None:
    """What is read of a checkpoint is what it says."""
    with contextlib.suppress(VerificationError):
        read = Checkpoint.read(raw.decode("utf-8", "replace"))
        assert Checkpoint.read(read.text()) == read


def key(raw: bytes) -> None:
    """A key is read as it is written, or refused."""
    text = raw.decode("utf-8", "surrogateescape")
    for read in (Verifier.read, load_verifier):
        with contextlib.suppress(VerificationError):
            assert Verifier.read(str(read(text))) == read(text)
    with contextlib.suppress(VerificationError):
        assert Signer.read(Signer.read(text).secret()) == Signer.read(text)
    with _folder({"audit.key": raw}) as folder, contextlib.suppress(VerificationError):
        load_signer(folder / "audit.key")


def export(raw: bytes) -> None:
    """Of all exports the one that was signed is whole, and longer ones that begin with it."""
    with _folder({"log.jsonl": raw, "000000000000000005.checkpoint": _NOTE}) as folder:
        try:
            found = verify(exported_entries(folder / "log.jsonl"), CheckpointFolder(folder).read(OLD.verifier))
        except VerificationError:
            return
    assert raw.startswith(_EXPORT), "this is not what was signed"
    assert found.vouched == SIZE


def folder(raw: bytes) -> None:
    """Whatever checkpoints, rotations and logs say: both verifiers come to the same result, in their own words."""
    for key in (OLD, NEW):
        _both_agree(raw, key)


def _both_agree(raw: bytes, key: Signer) -> None:
    log, checkpoint_, newer, rotation, *_ = [*raw.split(_PARTS), b"", b"", b"", b""]
    files = {
        "log.jsonl": log,
        "000000000000000005.checkpoint": checkpoint_,
        "000000000000000006.checkpoint": newer,
        "a.rotation": rotation,
    }
    with _folder({name: content for name, content in files.items() if content or name == "log.jsonl"}) as made:
        ours = _said(made, key.verifier)
        with contextlib.redirect_stdout(io.StringIO()):
            code = verify_alone.main([str(made / "log.jsonl"), str(made), str(key.verifier)])
        # Where log and folder are both bad, we tell of the log up to there; the script reads the whole folder first.
        if (ours, code) != (1, 2) or _is_readable(made, key.verifier):
            assert code == ours, f"we say {ours}, the script says {code}"


def _said(made: Path, key: Verifier) -> int:
    """Return with what code the script must end."""
    try:
        found = verify(exported_entries(made / "log.jsonl"), CheckpointFolder(made).read(key))
    except TamperError:
        return 1
    except VerificationError:
        return 2
    return 0 if found.signed else 3


def _is_readable(made: Path, key: Verifier) -> bool:
    try:
        list(CheckpointFolder(made).read(key))
    except VerificationError:
        return False
    return True


def alone(raw: bytes) -> None:
    """The script reads any key, note and log, and ends with one of its codes."""
    first, _, second = raw.partition(_PARTS)
    with _folder({"log.jsonl": first, "1.checkpoint": second, "a.rotation": second}) as made:
        with contextlib.redirect_stdout(io.StringIO()):
            told = first.decode("utf-8", "surrogateescape")
            codes = {verify_alone.main([str(made / "log.jsonl"), str(made), key]) for key in (str(OLD.verifier), told)}
        assert codes <= {0, 1, 2, 3}
        with contextlib.suppress(verify_alone.Unreadable, verify_alone.NotWhole, verify_alone.Unsigned):
            verify_alone.verify(made / "log.jsonl", {})


def proof(raw: bytes) -> None:
    """A proof that a signed checkpoint bears out is one of an entry that is there."""
    with contextlib.suppress(VerificationError):
        read = read_proof(raw)
        if check_proof(read, [OLD.verifier]).signed and isinstance(read, InclusionProof):
            assert read.entry.encode() == _ENTRIES[read.seq - 1], "there is no such entry"


def path(raw: bytes) -> None:
    """Hashes that are no proof prove nothing and raise nothing."""
    numbers, hashes = raw[:4], [raw[at : at + 32] for at in range(4, len(raw), 32)]
    index, size = int.from_bytes(numbers[:2], "big", signed=True), int.from_bytes(numbers[2:], "big", signed=True)
    forged = leaf_hash(b"forged")
    assert not is_included(forged, index, size, hashes, _CHECKPOINT.root)
    if index > 0:
        assert not is_consistent(index, size, forged, _CHECKPOINT.root, hashes)


_COLUMNS = {
    "audit_entries": ("seq", "at", "event", "record_id", "digest", "leaf"),
    "audit_nodes": ("level", "place", "hash"),
}
_CELLS = [(table, column) for table, columns in _COLUMNS.items() for column in columns]
_KINDS = ("CAST(:value AS TEXT)", "CAST(:value AS BLOB)", "CAST(CAST(:value AS TEXT) AS NUMERIC)", "NULL")


def row(raw: bytes) -> None:
    """A database whose tables take anything is whole only with the values that were signed."""
    cell, kind, number, value = raw[:1] or b"\0", raw[1:2] or b"\0", raw[2:3] or b"\0", raw[3:]
    table, column = _CELLS[cell[0] % len(_CELLS)]
    change = f"UPDATE {table} SET {column} = {_KINDS[kind[0] % len(_KINDS)]} WHERE rowid = :row"
    with Session(_database()) as session, _folder({"000000000000000005.checkpoint": _NOTE}) as made:
        connection = session.connection()
        connection.exec_driver_sql(change, {"value": value, "row": 1 + number[0] % SIZE})
        with contextlib.suppress(VerificationError):
            verify(stored_entries(session, 2), CheckpointFolder(made).read(OLD.verifier), StoredNodes(session, 2))
            assert _values(connection) == _SIGNED_VALUES, "this is not what was signed"
        session.rollback()


@cache
def _database() -> Engine:
    """Return a database in memory with the log, in tables without types and keys."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        for table, columns in _COLUMNS.items():
            places = ", ".join("?" * len(columns))
            connection.exec_driver_sql(f"CREATE TABLE {table} ({', '.join(columns)})")
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({places})", _SIGNED_VALUES[table])
    return engine


def _values(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: [tuple(one) for one in connection.exec_driver_sql(f"SELECT * FROM {table}")] for table in _COLUMNS}


def _signed_values() -> dict[str, list[tuple[object, ...]]]:
    tree, entries, nodes = Tree(), [], []
    for seq, entry in enumerate(_ENTRIES, 1):
        (_, _, leaf), *above = tree.append(leaf_hash(entry))
        entries.append((seq, "2026-11-25 00:00:00.000000", "test.happened", f"r{seq}", "ab" * 32, leaf.hex()))
        nodes += [(level, place, digest.hex()) for level, place, digest in above]
    return {"audit_entries": entries, "audit_nodes": nodes}


_SIGNED_VALUES = _signed_values()


def _proofs() -> list[bytes]:
    leaves = [leaf_hash(entry) for entry in _ENTRIES]
    inclusion = InclusionProof(
        SIZE, _ENTRIES[-1].decode(), SIZE - 1, SIZE, _b64(leaves[-1]), [_b64(_tree(4).root())],
        _b64(_CHECKPOINT.root), _NOTE.decode(),
    )  # fmt: skip
    consistency = ConsistencyProof(
        4, SIZE, [_b64(leaves[-1])], _b64(_tree(4).root()), _b64(_CHECKPOINT.root), "", _NOTE.decode()
    )
    return [msgspec.json.encode(inclusion), msgspec.json.encode(consistency)]


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@contextlib.contextmanager
def _folder(files: dict[str, bytes]):
    memory = Path("/dev/shm")  # noqa: S108  private folders in it, and no disk
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        for name, content in files.items():
            (Path(made) / name).write_bytes(content)
        yield Path(made)


TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "note": (note, [_NOTE, _ROTATION, _BOTH, _NEWER]),
    "checkpoint": (checkpoint, [_CHECKPOINT.text().encode(), Checkpoint("x", 0, bytes(32)).text().encode()]),
    "key": (key, [str(OLD.verifier).encode(), OLD.secret().encode()]),
    "export": (export, [_EXPORT, _ENTRIES[0] + b"\n"]),
    "folder": (
        folder,
        [
            _PARTS.join((_EXPORT, _NOTE)),
            _PARTS.join((_EXPORT, b"", b"", _ROTATION)),
            _PARTS.join((_EXPORT, _NOTE, _NEWER, _ROTATION)),
            _PARTS.join((_EXPORT, _NEWER, b"", _ROTATION)),
            _PARTS.join((_EXPORT, _NOTE, b"", _BOTH)),
            _PARTS.join((_EXPORT, _NEWER, b"", _BOTH)),
            _PARTS.join((_EXPORT, _NOTE + "— x AAAA\n".encode())),
            _PARTS.join((_EXPORT, _NOTE + b"more", b"", _NOTE[_NOTE.index(b"\n\n") + 2 :])),
            _PARTS.join((_EXPORT + _EXPORT[:20], _NOTE)),
        ],
    ),
    "alone": (alone, [_PARTS.join((_EXPORT, _NOTE)), _PARTS.join((str(OLD.verifier).encode(), _ROTATION))]),
    "proof": (proof, _proofs()),
    "row": (row, [bytes([cell, kind, 1]) + b"2" for cell in range(len(_CELLS)) for kind in range(len(_KINDS))]),
    "path": (path, [bytes([0, 4, 0, 5]) + _CHECKPOINT.root * 2, bytes([0, 1, 0, 130]) + _CHECKPOINT.root * 8]),
}
"""Name → target, and bytes that it takes: where a fuzzer begins."""
