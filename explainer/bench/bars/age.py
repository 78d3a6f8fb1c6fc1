"""Whether figures are of the code as it is now, or of what it was on another day."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.kept import Ran
from explainer.bench.machine import CODE

_UNCOMMITTED = "-dirty"


def aged(how: Ran, now: str) -> str:
    """Return of which other code than the present a part's figures are; nothing where they are of this.

    Args:
        how: How the part went.
        now: The present code, as :func:`explainer.bench.machine.code` names it.
    """
    of = how.machine.get(CODE, "")
    if not of:
        return "of which commit is not stated"
    if of != now:
        return f"of another commit, {of}"
    return "with changes that are in no commit" if of.endswith(_UNCOMMITTED) else ""


def old(ran: Mapping[str, Ran], now: str) -> list[str]:
    """Return the parts whose figures are of other code than the present, or may be."""
    return [name for name, how in ran.items() if aged(how, now)]
