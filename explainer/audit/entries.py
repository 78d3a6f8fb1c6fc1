"""One entry of the log as bytes: what its leaf's hash is made of, and what an export holds."""

from __future__ import annotations

from datetime import UTC, datetime

import rfc8785

from explainer.audit.merkle import leaf_hash


def entry_bytes(seq: int, at: datetime, event: str, record_id: str, digest: str) -> bytes:
    """Return an entry as canonical JSON (RFC 8785).

    Args:
        seq: Its number, from 1.
        at: When.
        event: What happened,
        record_id: to which record,
        digest: and the SHA-256 of that as it was, hexadecimal.
    """
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return rfc8785.dumps({"at": moment, "digest": digest, "event": event, "record": record_id, "seq": seq})


def leaf_of(seq: int, at: datetime, event: str, record_id: str, digest: str) -> bytes:
    """Return the hash of an entry as a leaf of the log's tree, 32 bytes."""
    return leaf_hash(entry_bytes(seq, at, event, record_id, digest))
