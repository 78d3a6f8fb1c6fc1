"""Find a version by its hash or by the first characters of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from explainer.errors import NotFoundError

SHORTEST_PREFIX = 6
SHOWN = 12
_LONGEST = 64


def find_version(wanted: str, known: Sequence[str], what: str, command: str) -> str:
    """Return the one known version that is, or starts with, what was given.

    Args:
        wanted: A version or at least its first :data:`SHORTEST_PREFIX` characters; case does not matter.
        known: All versions.
        what: What they are versions of, for the message.
        command: The command that lists them.

    Raises:
        NotFoundError: If there is none, or more than one; the message names close ones.
    """
    start = wanted.strip().lower()
    found = [version for version in known if start and version.startswith(start)]
    if len(found) == 1 and len(start) >= SHORTEST_PREFIX:
        return found[0]
    if found and len(start) < SHORTEST_PREFIX:
        raise NotFoundError(
            f"{wanted!r} is too short to name a version; give at least {SHORTEST_PREFIX} characters{_named(found)}."
        )
    if found:
        raise NotFoundError(f"{wanted!r} is the start of several {what} versions; give more of it{_named(found)}.")
    raise NotFoundError(
        f"There is no {what} version {wanted[:_LONGEST]!r}{_named(_close(start[:_LONGEST], known))}. List: {command}"
    )


def _close(start: str, known: Sequence[str]) -> list[str]:
    by_start = {version[: len(start)]: version for version in known}
    return [by_start[name] for name in get_close_matches(start, by_start)] or list(known)[:3]


def _named(versions: Sequence[str]) -> str:
    return f" (there are: {', '.join(version[:SHOWN] for version in versions[:5])})" if versions else ""
