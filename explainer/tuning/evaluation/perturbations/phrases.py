"""What is put into texts to make them false: the lists of one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """Clauses and sentences that no evidence supports.

    Clauses begin with what separates them from the text before (a space, a comma) and are put before a pause or before
    the last mark. Sentences are put before the text or behind it.

    Attributes:
        clauses: By class.
        sentences: By class.
        words: By class: what is put instead of a word or slot of the text, as (pattern, replacements).
        contrasts: Pattern of what tells a low rating as one.
        causes: Pattern of what says that one thing led to another.
    """

    clauses: Mapping[str, tuple[str, ...]]
    sentences: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    contrasts: str
    causes: str
