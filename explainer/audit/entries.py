"""One entry of the log as bytes: what its leaf's hash is made of, and what an export holds."""

from __future__ import annotations

from datetime import UTC, datetime

import rfc8785

from explainer.audit.merkle import leaf_hash

_MOST = 2**53 - 1


def moment_of(at: datetime) -> str:
    """Return a moment as an entry has it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_line(seq: int, moment: str, event: str, record_id: str, digest: str) -> bytes:
    """Return an entry as canonical JSON (RFC 8785).

    Args:
        seq: Its number, from 1.
        moment: When, as ``moment_of`` writes it.
        event: What happened,
        record_id: to which record,
        digest: and the SHA-256 of that as it was, hexadecimal.

    Raises:
        ValueError: If it cannot be written, e.g. for half a character in it.
        TypeError: If something is no text.
    """
    words = moment + event + record_id + digest
    # Nearly every entry is of characters that JSON writes as they are, and the library takes ten times as long.
    if words.isascii() and words.isprintable() and type(seq) is int and 0 <= seq <= _MOST and not _escaped(words):
        parts = ('{"at":"', moment, '","digest":"', digest, '","event":"', event, '","record":"', record_id)
        return "".join((*parts, '","seq":', str(seq), "}")).encode()
    return rfc8785.dumps({"at": moment, "digest": digest, "event": event, "record": record_id, "seq": seq})


def entry_bytes(seq: int, at: datetime, event: str, record_id: str, digest: str) -> bytes:
    """Return an entry as canonical JSON; as ``entry_line``, for a moment that is not written yet."""
    return entry_line(seq, moment_of(at), event, record_id, digest)


def leaf_of(seq: int, at: datetime, event: str, record_id: str, digest: str) -> bytes:
    """Return the hash of an entry as a leaf of the log's tree, 32 bytes."""
    return leaf_hash(entry_bytes(seq, at, event, record_id, digest))


def _escaped(words: str) -> bool:
    return '"' in words or "\\" in words
