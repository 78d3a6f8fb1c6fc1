"""The pages' words, one flat table per language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files

import msgspec
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

_MINUTE_S = 60
_BABEL = {"en": "en_GB", "zh": "zh_Hans_CN"}  # how dates, numbers and lists are written


@lru_cache(maxsize=8)
def words_in(locale: str) -> Words:
    """Return the words of a language; they are read once."""
    text = files(__package__).joinpath(f"{locale}.json").read_bytes()
    return Words(locale, msgspec.json.decode(text, type=dict[str, str]))


class Words:
    """The words of one language; in templates ``t("login.name")``.

    Args:
        locale: The language.
        table: Key → words; ``{name}`` stands for a value that is given when they are used.
    """

    def __init__(self, locale: str, table: Mapping[str, str]) -> None:
        self.locale = locale
        self.table = table
        self._babel = Locale.parse(_BABEL.get(locale, locale))

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key as plain text, with the values in their places.

        Raises:
            KeyError: If there are no such words: a mistake in our template.
        """
        return self.table[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Return the words of a key that is made of data, or something else where there are none."""
        return self.table.get(key, otherwise)

    def rich(self, key: str, **values: object) -> Markup:
        """Return words that hold markup; the values are escaped, the words are ours."""
        return Markup(self.table[key]).format(**values)  # noqa: S704  from our own file, never from outside

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the words for so many: ``KEY.one`` or ``KEY.other``, as the language counts."""
        form = "one" if self._babel.plural_form(n) == "one" else "other"
        return self(f"{key}.{form}", n=self.number(n), **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as the language writes it."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, pattern, self._babel).replace("-", "\u2212")

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share (1 is all) as percent, whole by default."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
        return format_percent(share, pattern, self._babel).replace("-", "\u2212")

    def listed(self, names: Sequence[str]) -> str:
        """Return "A, B and C"."""
        return format_list(list(names), locale=self._babel)

    def month(self, moment: datetime) -> str:
        """Return a month and its year."""
        return format_skeleton("yMMMM", moment, locale=self._babel)

    def lasting(self, seconds: float) -> str:
        """Return a length of time in the largest unit that fits it; of less than a minute also tenths of a second."""
        if seconds < _MINUTE_S:
            return format_unit(round(seconds, 1), "duration-second", "long", locale=self._babel)
        return format_timedelta(timedelta(seconds=seconds), threshold=2, locale=self._babel)

    def date(self, moment: datetime) -> str:
        """Return a day."""
        return format_date(moment.date(), "long", self._babel)

    def time(self, moment: datetime) -> str:
        """Return day and time of a moment in UTC."""
        return f"{format_datetime(moment, 'medium', locale=self._babel)} UTC"
