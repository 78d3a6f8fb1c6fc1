"""Words that claim something, and what they claim. One list, so that no two rules read a word differently."""

from __future__ import annotations

from collections.abc import Mapping

from retriever.data import BehaviourKind

ORDINALS: Mapping[str, int] = {
    "first": 0,
    "one": 0,
    "former": 0,
    "second": 1,
    "other": 1,
    "third": 2,
    "last": -1,
}
PEOPLE = frozenset({"people", "viewers", "others", "audience", "fans", "many", "company", "who"})
CLOSE = frozenset(
    {"spirit", "theme", "topic", "subject", "description", "relative", "relatives", "near", "nearest", "similar"}
)
LIKED = frozenset(
    {"liked", "likes", "liking", "enjoyed", "highly", "high", "good", "taste", "loved", "love", "fond", "favourite"}
)
LOW = frozenset({"low", "lukewarm", "disliked", "poor", "poorly", "cool", "cold", "unmoved", "unimpressed", "only"})
CONTRAST = frozenset(
    {"yet", "but", "though", "although", "despite", "still", "instead", "against", "rather", "even", "less"}
)
NEGATION = frozenset({"not", "no", "never", "nor", "neither", "none", "nothing", "hardly", "barely", "cannot"})
BECAUSE = frozenset({"because", "since"})
# What else says that one thing led to another.
CAUSES = BECAUSE | frozenset({
    "account", "behind", "brings", "brought", "cause", "caused", "causes", "choice", "chose", "decided",
    "draws", "drew", "driven", "drove", "due", "earned", "explain", "explains", "following", "follows",
    "handed", "hence", "lead", "leads", "led", "lift", "lifted", "lifts", "made", "makes", "picked", "point",
    "pointed", "points", "prompted", "put", "puts", "putting", "reason", "reasons", "recommended", "result",
    "sent", "so", "strength", "thanks", "therefore", "why", "won",
})  # fmt: skip
SERIES = frozenset({"series"})
READER = frozenset({"you", "your"})
NOUNS_OF_ACTS = frozenset({"rating", "marks", "review"})

DOINGS: Mapping[str, frozenset[BehaviourKind]] = {
    "gave": frozenset({BehaviourKind.RATING}),
    "rated": frozenset({BehaviourKind.RATING}),
    "rating": frozenset({BehaviourKind.RATING}),
    "marks": frozenset({BehaviourKind.RATING}),
    "watched": frozenset({BehaviourKind.VIEW}),
    "viewed": frozenset({BehaviourKind.VIEW}),
    "saw": frozenset({BehaviourKind.VIEW}),
    "opened": frozenset({BehaviourKind.VIEW, BehaviourKind.CLICK}),
    "clicked": frozenset({BehaviourKind.CLICK}),
    "bought": frozenset({BehaviourKind.PURCHASE}),
    "reviewed": frozenset({BehaviourKind.REVIEW}),
    "review": frozenset({BehaviourKind.REVIEW}),
    "read": frozenset({BehaviourKind.READ}),
    "followed": frozenset({BehaviourKind.FOLLOW}),
    "listened": frozenset({BehaviourKind.LISTEN}),
}

DEEDS: Mapping[str, frozenset[BehaviourKind]] = {
    "like": frozenset({BehaviourKind.LIKE}),
    "purchase": frozenset({BehaviourKind.PURCHASE}),
    "purchases": frozenset({BehaviourKind.PURCHASE}),
    "click": frozenset({BehaviourKind.CLICK}),
    "clicks": frozenset({BehaviourKind.CLICK}),
}
"""What was done, as a noun: "your like for", but not "a film like"."""
DEED_OWNERS = frozenset({"a", "one", "the", "their", "this", "two", "three", "your"})

_NOUNS: Mapping[str, frozenset[str]] = {
    "video": frozenset({"film", "films", "viewers"}),
    "shop": frozenset({"product", "products"}),
    "content": frozenset({"article", "articles"}),
    "social": frozenset({"post", "posts"}),
    "news": frozenset({"story", "stories"}),
}
_ANYWHERE = frozenset({"story", "stories"})  # a film tells one, a product may

RESERVED = (
    PEOPLE
    | LIKED
    | LOW
    | CONTRAST
    | NEGATION
    | BECAUSE
    | READER
    | SERIES
    | ORDINALS.keys()
    | DOINGS.keys()
    | frozenset().union(*_NOUNS.values())
)
"""No single one of these is an aspect to the gate, whatever a catalogue says: it would hide a claim."""


def nouns_of(domain: str) -> frozenset[str]:
    """Return what an item of the domain is called."""
    return _NOUNS.get(domain, frozenset())


def own_words(domain: str) -> frozenset[str]:
    """Return the words that the domain adds to the vocabulary; other rules check that they are true."""
    return nouns_of(domain) | DOINGS.keys() | SERIES


def foreign_nouns(domain: str) -> frozenset[str]:
    """Return what items are called in other domains only: in a shop nothing is "a film"."""
    foreign = frozenset().union(*(nouns for other, nouns in _NOUNS.items() if other != domain))
    return foreign - nouns_of(domain) - _ANYWHERE
