"""Who reads a text, and in which language."""

from __future__ import annotations

from dataclasses import dataclass

from explainer.errors import LocaleError, PromptError

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
        LocaleError: If there are no texts in the language; the message says in which there are.
        PromptError: If there is no such reader.
    """
    locale = known_locale(locale)
    if audience not in AUDIENCES:
        raise PromptError(f"There are no texts for the audience {audience[:20]!r}; known are {', '.join(AUDIENCES)}.")
    return Style(locale, audience)


def known_locale(locale: str) -> str:
    """Return a locale that came from outside.

    Raises:
        LocaleError: If there are no texts in the language; the message says in which there are.
    """
    if locale not in LOCALES:
        raise LocaleError(
            f"There are no texts for the locale {locale[:20]!r}; known are {', '.join(LOCALES)}.", LOCALES
        )
    return locale
