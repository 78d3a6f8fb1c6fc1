"""The seed of a draft: engines that draw words with torch, without it or far away all start from the same number."""

from __future__ import annotations

import hashlib


def seed_of(prompt_hash: str, attempt: int) -> int:
    """Return the 63-bit seed of one try at one prompt."""
    digest = hashlib.sha256(f"{prompt_hash}:{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
