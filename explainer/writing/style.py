"""Who reads a text, and in which language."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER, SUPPORT, AUDITOR = "customer", "support", "auditor"
AUDIENCES = (CUSTOMER, SUPPORT, AUDITOR)
LOCALES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Style:
    """Who reads the text and in which language.

    Attributes:
        locale: ``en`` or ``zh``.
        audience: ``customer`` (a sentence or two), ``support`` (all that counted, with shares) or ``auditor`` (rank,
            method and shares).
    """

    locale: str = "en"
    audience: str = CUSTOMER

    def __str__(self) -> str:
        return f"{self.locale}/{self.audience}"

    @property
    def is_customer(self) -> bool:
        """Whether the reader is the person whom the item was recommended to."""
        return self.audience == CUSTOMER
