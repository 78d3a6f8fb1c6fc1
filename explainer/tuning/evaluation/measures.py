"""Measures of variety over drafts (slots unfilled): pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from explainer.writing.gate.tokens import Token, TokenKind, tokenize

_PIECE = re.compile(r"\{[^}]*\}|\w+(?:['\u2019-]\w+)*")


def words(draft: str) -> list[str]:
    """Return a draft's words and slots in lower case."""
    return [piece.lower() for piece in _PIECE.findall(draft)]


def distinct(drafts: Iterable[str], n: int) -> float:
    """Return distinct-n: different runs of n words over all of them, 0 to 1 (Li et al., NAACL 2016).

    Args:
        drafts: Texts with slots; a run never crosses from one to the next.
        n: Length of a run, from 1.
    """
    runs = [tuple(found[at : at + n]) for found in map(words, drafts) for at in range(len(found) - n + 1)]
    return len(set(runs)) / len(runs) if runs else 0.0


def shape(draft: str, aspects: Sequence[str]) -> str:
    """Return what is left of a draft when every aspect is one mark and slots lose their numbers."""
    return " ".join(_mark(token) for token in tokenize(draft, aspects))


def _mark(token: Token) -> str:
    if token.kind is TokenKind.ASPECT:
        return "@"
    return f"{{{re.sub('[0-9]', '', token.text)}}}" if token.kind is TokenKind.SLOT else token.text


def largest_share(values: Sequence[str]) -> float:
    """Return the share of the commonest value, 0 to 1."""
    return Counter(values).most_common(1)[0][1] / len(values) if values else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that so many are at or below (nearest rank); 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
