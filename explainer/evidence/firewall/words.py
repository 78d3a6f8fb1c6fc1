"""Words that no text says: what is private as it is named in aspects, tags, drafts and titles, wherever they come from.

Items are judged by the categories that an operator has switched on, and what only sounds private is no case of them.
Texts are held to every term of every list, switched on or not, exceptions or not: a word says what it says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import msgspec

from explainer.evidence.firewall.terms import pattern_of, plain


@dataclass(frozen=True)
class PrivateWords:
    """Terms of what is private; made once, of an operator's lists, and passed to all that tells anybody anything.

    Attributes:
        terms: As they are compared: see :func:`~explainer.evidence.firewall.terms.plain`.
    """

    terms: frozenset[str]

    @classmethod
    def of(cls, terms: Iterable[str]) -> PrivateWords:
        """Return terms, however they are written."""
        return cls(frozenset(plain(term).strip() for term in terms) - {""})

    @cached_property
    def version(self) -> str:
        """Hash of the terms."""
        return hashlib.sha256(msgspec.json.encode(sorted(self.terms))).hexdigest()

    def are_in(self, text: str) -> bool:
        """Return whether the text has any of the terms."""
        return self._pattern.search(plain(text)) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return pattern_of(self.terms)
