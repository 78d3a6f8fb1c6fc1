"""User tags: the aspects a user comes back to, each with the behaviours behind it; and items without those they hid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from explainer.evidence.policy import lowest_share
from retriever.data import Aspect, AspectSource, Behaviour, History, Item, Polarity, ValueScale

_SOURCES = list(AspectSource)


@dataclass(frozen=True, slots=True)
class TagPolicy:
    """Thresholds of tags.

    Attributes:
        min_items: A tag's aspect is on at least so many items that the user likes,
        min_lift: and its share of them, at the lower end of what it may be by chance, is so many times the share
            among all items.
    """

    min_items: int = 3
    min_lift: float = 1.5


class TagBehaviour(msgspec.Struct, frozen=True):
    """One behaviour behind a tag.

    Attributes:
        behaviour_id: Its id.
        item: Id of the item it is about.
        title: Title of that item.
    """

    behaviour_id: str
    item: str
    title: str


class UserTag(msgspec.Struct, frozen=True):
    """An aspect that a user comes back to.

    Attributes:
        tag: The aspect, as its most trustworthy source writes it.
        source: That source.
        liked: How many items the user likes in all.
        usual: Share of the catalogue's items that carry the aspect, above 0 to 1.
        behaviours: One per liked item that carries it, in time order.
    """

    tag: str
    source: AspectSource
    liked: int
    usual: float
    behaviours: tuple[TagBehaviour, ...]

    @property
    def lift(self) -> float:
        """How many times the usual share the user's is, at the lower end of what it may be by chance."""
        return lowest_share(len(self.behaviours), self.liked) / self.usual


class TagFinder:
    """Finds the tags of users of one catalogue.

    Args:
        items: The catalogue.
        scale: Scale of the ratings: it says what is liked.
        policy: Thresholds.
    """

    def __init__(self, items: Sequence[Item], scale: ValueScale, policy: TagPolicy | None = None) -> None:
        self._items = {item.id: item for item in items}
        self._scale = scale
        self._policy = policy or TagPolicy()
        self._frequency = Counter(term for item in items for term in item.terms())

    def find(self, history: History, hidden: Collection[str] = ()) -> list[UserTag]:
        """Return the user's tags, strongest first.

        Args:
            history: What the user did.
            hidden: Case-folded aspects that are no tags, whatever the user does.
        """
        liked = {behaviour.item: behaviour for behaviour in self._liked(history)}
        carrying: dict[str, list[tuple[Behaviour, Aspect]]] = {}
        for behaviour in liked.values():
            for term, aspect in self._items[behaviour.item].terms().items():
                carrying.setdefault(term, []).append((behaviour, aspect))
        tags = {
            term: self._tag(term, found, len(liked)) for term, found in sorted(carrying.items()) if term not in hidden
        }
        able = [(term, tag) for term, tag in tags.items() if self._is_strong(tag)]
        return [tag for _, tag in sorted(able, key=lambda pair: (-pair[1].lift, _trust(pair[1].source), pair[0]))]

    def _liked(self, history: History) -> Iterator[Behaviour]:
        for behaviour in history.behaviours:
            if behaviour.item in self._items and self._scale.polarity(behaviour) is Polarity.POSITIVE:
                yield behaviour

    def _tag(self, term: str, found: Sequence[tuple[Behaviour, Aspect]], liked: int) -> UserTag:
        best = min((aspect for _, aspect in found), key=lambda aspect: (_trust(aspect.source), aspect.term))
        behaviours = tuple(TagBehaviour(b.id, b.item, self._items[b.item].title) for b, _ in found)
        return UserTag(best.term, best.source, liked, self._frequency[term] / len(self._items), behaviours)

    def _is_strong(self, tag: UserTag) -> bool:
        return len(tag.behaviours) >= self._policy.min_items and tag.lift >= self._policy.min_lift


def _trust(source: AspectSource) -> int:
    return _SOURCES.index(source)


def without_aspects(item: Item, hidden: Collection[str]) -> Item:
    """Return the item as if it did not carry these (case-folded) aspects."""
    if not hidden:
        return item
    aspects = tuple(aspect for aspect in item.aspects if aspect.casefold() not in hidden)
    phrases = tuple(phrase for phrase in item.phrases if phrase.term.casefold() not in hidden)
    return replace(item, aspects=aspects, phrases=phrases)
