"""The nouns of the house: item, behaviour, history, dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class BehaviourKind(StrEnum):
    """What a person did with an item."""

    VIEW = "view"
    CLICK = "click"
    PURCHASE = "purchase"
    RATING = "rating"
    REVIEW = "review"
    LIKE = "like"
    READ = "read"
    FOLLOW = "follow"
    LISTEN = "listen"


class Polarity(StrEnum):
    """Whether a behaviour speaks for an item, against it, or neither."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class AspectSource(StrEnum):
    """Where it stands that an aspect describes an item, most trustworthy first."""

    CATALOGUE = "catalogue"
    TITLE = "title"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Aspect:
    """A short term that describes an item, and where it was found."""

    term: str
    source: AspectSource


@dataclass(frozen=True, slots=True)
class Item:
    """A catalogue entry.

    Attributes:
        id: Identifier, unique in its dataset.
        title: What people call it.
        aspects: Short terms that the catalogue gives it (genre, tag, category), most telling first; in lower case but
            for names ("NFL football").
        year: Year of release, when known.
        text: Free description, when there is one.
        phrases: Key phrases found in title or text where the catalogue gives no aspects, most telling first, written
            as most titles write them ("Xbox 360").
        creator: Who made it (director, author, artist, brand), when known.
    """

    id: str
    title: str
    aspects: tuple[str, ...] = ()
    year: int | None = None
    text: str = ""
    phrases: tuple[Aspect, ...] = ()
    creator: str = ""

    def terms(self) -> dict[str, Aspect]:
        """Return every aspect by its case-folded term; where both have it, the catalogue's own."""
        given = (Aspect(term, AspectSource.CATALOGUE) for term in self.aspects)
        return {aspect.term.casefold(): aspect for aspect in (*self.phrases, *given)}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One interaction of one user with one item.

    Attributes:
        id: Stable identifier; made from the other fields when the source has none.
        user: Who.
        item: Id of the item.
        kind: What was done.
        time: Unix time in seconds (UTC), or None when the source has no time.
        value: A rating on the dataset's scale, or None.
    """

    id: str
    user: str
    item: str
    kind: BehaviourKind
    time: int | None = None
    value: float | None = None

    def __hash__(self) -> int:
        # Histories are keys wherever something is computed once; all fields would take longer and tell no more.
        return hash(self.id)


def behaviour_id(user: str, item: str, kind: str, time: int | None, value: float | None) -> str:
    """Return a 16-digit hexadecimal id that depends on the fields alone, so reading twice gives it twice."""
    # JSON-free and unambiguous: every field carries its length, so ("a", "bc") and ("ab", "c") differ.
    moment, number = str(time), repr(value)
    canonical = f"{len(user)}:{user}{len(item)}:{item}{len(kind)}:{kind}{len(moment)}:{moment}{len(number)}:{number}"
    return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class ValueScale:
    """The scale of a dataset's ratings and where liking begins and ends on it.

    Attributes:
        low: Smallest rating.
        high: Largest rating.
        liked: Share of the scale from which a rating counts as positive (4 of 1..5 is .75).
        disliked: Share of the scale up to which it counts as negative (2 of 1..5 is .25).
    """

    low: float = 1.0
    high: float = 5.0
    liked: float = 0.7
    disliked: float = 0.4

    def share(self, value: float) -> float:
        """Return where on the scale a value lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def polarity(self, behaviour: Behaviour) -> Polarity:
        """Return whether the behaviour speaks for its item; one without a value never speaks against it."""
        if behaviour.value is None:
            return Polarity.POSITIVE
        share = self.share(behaviour.value)
        if share >= self.liked:
            return Polarity.POSITIVE
        return Polarity.NEGATIVE if share <= self.disliked else Polarity.NEUTRAL


@dataclass(frozen=True, slots=True)
class History:
    """A user's behaviours in time order; the only thing a recommender sees of a person.

    Attributes:
        user: Who.
        behaviours: What they did, oldest first.
        also_met: Ids of items that are no news to them either, though nothing they did with those is taken into
            account: no score depends on it, but none of them is recommended.
    """

    user: str
    behaviours: tuple[Behaviour, ...] = ()
    also_met: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: str, behaviours: Iterable[Behaviour]) -> History:
        """Return a history in time order (unknown times first, ties by id)."""
        return cls(user, tuple(sorted(behaviours, key=lambda b: (b.time is not None, b.time or 0, b.id))))

    def without(self, behaviour_ids: Collection[str]) -> History:
        """Return the history as if these behaviours had never happened: their items are news again."""
        return History(self.user, tuple(b for b in self.behaviours if b.id not in behaviour_ids), self.also_met)

    def set_aside(self, behaviour_ids: Collection[str]) -> History:
        """Return the history with these behaviours out of account; their items were met all the same."""
        met = frozenset(b.item for b in self.behaviours if b.id in behaviour_ids)
        return History(self.user, self.without(behaviour_ids).behaviours, self.also_met | met)

    def items(self) -> frozenset[str]:
        """Return the ids of the items the user has met."""
        return self.also_met.union(b.item for b in self.behaviours)

    def __len__(self) -> int:
        return len(self.behaviours)


@dataclass(frozen=True)
class Dataset:
    """A catalogue and what people did with it.

    Attributes:
        name: Short name, e.g. ``ml-100k``.
        domain: Which wording fits: video, shop, content, social or news.
        items: The catalogue in a fixed order; recommenders number items by it.
        behaviours: All behaviours.
        scale: Scale of the ratings.
    """

    name: str
    domain: str
    items: tuple[Item, ...]
    behaviours: tuple[Behaviour, ...]
    scale: ValueScale = ValueScale()

    @cached_property
    def histories(self) -> Mapping[str, History]:
        """Return every user's history, users in the order of their first row."""
        rows: dict[str, list[Behaviour]] = {}
        for behaviour in self.behaviours:
            rows.setdefault(behaviour.user, []).append(behaviour)
        return {user: History.of(user, behaviours) for user, behaviours in rows.items()}

    @cached_property
    def content_hash(self) -> str:
        """Return a SHA-256 over items and behaviours; equal data gives equal hashes on every machine."""
        digest = hashlib.sha256()
        for item in self.items:
            digest.update(repr((item.id, item.title, item.aspects, item.year, item.text)).encode())
            if item.phrases:
                digest.update(repr([(p.term, p.source.value) for p in item.phrases]).encode())
            if item.creator:
                digest.update(repr(("creator", item.creator)).encode())
        for row in sorted(b.id for b in self.behaviours):
            digest.update(row.encode())
        return digest.hexdigest()


def item_positions(items: Sequence[Item]) -> dict[str, int]:
    """Return each item's column number."""
    return {item.id: position for position, item in enumerate(items)}
