"""What an adapter was trained to write, as its card says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from explainer.errors import AssetError

CARD = "card.json"


@dataclass(frozen=True, slots=True)
class Skills:
    """What an engine writes well; all else gets the templates.

    Attributes:
        locales: Languages.
        domains: What items may be.
    """

    locales: frozenset[str] = frozenset({"en"})
    domains: frozenset[str] = frozenset({"video", "shop", "content", "social", "news"})

    @classmethod
    def of(cls, adapter: Path) -> Skills:
        """Return the skills on an adapter's card; without one, English and every domain.

        Raises:
            AssetError: If the card cannot be read.
        """
        card = adapter / CARD
        if not card.is_file():
            return cls()
        try:
            held = msgspec.json.decode(card.read_bytes(), type=_Held)
        except msgspec.DecodeError as error:
            raise AssetError(f"{card} can't be read: {error}. It comes with the adapter; copy the folder.") from error
        return cls(held.locales or cls().locales, held.domains or cls().domains)


class _Held(msgspec.Struct):
    locales: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
