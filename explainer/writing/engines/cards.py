"""What a server says of its models (``GET /v1/models``), and which version of the writer follows from it.

Nobody can hash weights that are elsewhere. vLLM lists every adapter of ``--lora-modules`` with its folder (``root``)
and the base that it sits on (``parent``); llama.cpp lists the size and shape of its file (``meta``). Whoever wants more
than that puts the adapter's hash into its name, as ``explainer deployment`` does: then other weights are another model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec


class Card(msgspec.Struct, frozen=True):
    """What stays the same while a model does; vLLM's ``created`` does not.

    Attributes:
        id: Its name.
        root: Where it was loaded from.
        parent: Name of the base it adapts.
        owned_by: Who serves it.
        meta: What else is said of it.
    """

    id: str
    root: str | None = None
    parent: str | None = None
    owned_by: str | None = None
    meta: dict[str, object] | None = None


class Cards(msgspec.Struct):
    """The whole list."""

    data: list[Card]


@dataclass(frozen=True, slots=True)
class Identity:
    """What writes: a base, and the adapter on it; the same card twice where the two are one file.

    Attributes:
        base: Card of the base.
        adapter: Card of the model that is asked for by name.
    """

    base: Card
    adapter: Card

    @property
    def places(self) -> tuple[str, str]:
        """Where base and adapter were loaded from; their names where the server does not say."""
        return self.base.root or self.base.id, self.adapter.root or self.adapter.id

    @classmethod
    def listed(cls, cards: Cards, name: str) -> Identity | None:
        """Return what stands behind a name in the list; None if the name is not there."""
        held = {card.id: card for card in cards.data}
        adapter = held.get(name)
        if adapter is None:
            return None
        base = adapter.parent or adapter.id
        return cls(held.get(base, Card(base)), adapter)

    @classmethod
    def unknown(cls, name: str) -> Identity:
        """Return what is known of a model whose server says nothing of it: the name."""
        return cls(Card(name), Card(name))

    def hashes(self, urls: Sequence[str]) -> tuple[str, str]:
        """Return the hashes of base and adapter.

        Where cards say no more than a name, the servers' URLs tell one model from another of that name. Else they are
        left out: the same texts come from a pool however many servers it has today.
        """
        where = "" if _tells(self.adapter) else "\x00".join(sorted(urls))
        return _hash(where, self.base), _hash(where, self.adapter)


def _tells(card: Card) -> bool:
    return card.root not in {None, card.id} or card.parent is not None or bool(card.meta)


def _hash(where: str, card: Card) -> str:
    return hashlib.sha256(where.encode() + b"\x00" + msgspec.json.encode(card, order="deterministic")).hexdigest()
