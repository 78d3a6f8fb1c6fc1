"""Who reads a text, and in which language."""

from __future__ import annotations

from dataclasses import dataclass

from explainer.errors import PromptError

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


def known_style(locale: str, audience: str = CUSTOMER) -> Style:
    """Return the style for words that came from outside.

    Raises:
        PromptError: If there is no such language or reader; the message says which there are.
    """
    for what, given, known in (("locale", locale, LOCALES), ("audience", audience, AUDIENCES)):
        if given not in known:
            raise PromptError(f"There are no texts for the {what} {given[:20]!r}; known are {', '.join(known)}.")
    return Style(locale, audience)
