"""What differs between the templates of two versions, as a unified diff."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from difflib import unified_diff

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def diff_lines(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return the lines of a unified diff over all templates; empty if they are the same."""
    lines: list[str] = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        lines += unified_diff(
            _lines(before),
            _lines(after),
            "/dev/null" if before is None else f"a/{name}",
            "/dev/null" if after is None else f"b/{name}",
            lineterm="",
        )
    return lines


def _lines(text: str | None) -> list[str]:
    if text is None:
        return []
    whole, _, rest = text.rpartition("\n")
    ended = [*whole.split("\n")] if text.count("\n") else []
    return [*ended, f"{rest} (no newline at the end)"] if rest else ended


def visible(text: str) -> str:
    """Return the text with the characters that a terminal would obey or hide written out by their codes."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else c.encode("unicode_escape").decode()
        for c in text
    )
