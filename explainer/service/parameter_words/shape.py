"""What there must be words for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retriever.data import BehaviourKind
from retriever.recommenders.base import RecommenderConfig


@dataclass(frozen=True, slots=True)
class SettingWords:
    """What a setting says.

    Attributes:
        general: With ``{}`` for its value.
        special: Instead, for values that have words of their own, by the value's text (``None`` when it is not set).
    """

    general: str
    special: Mapping[str, str] = field(default_factory=dict)

    def of(self, value: object) -> str:
        """Return what this value says."""
        number = f"{value:,g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
        return self.special.get(str(value)) or self.general.format(number)


@dataclass(frozen=True, slots=True)
class PartWords:
    """What a recommender does.

    Attributes:
        title: What to call it.
        looks_at: What it looks at, in a sentence.
        settings: What its settings say, by field, most telling first.
        technical: Fields that only say how it was computed.
    """

    title: str
    looks_at: str
    settings: Mapping[str, SettingWords] = field(default_factory=dict)
    technical: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChoiceWords:
    """How somebody can change what is recommended to them, and with which call."""

    call: str
    words: str


@dataclass(frozen=True, slots=True)
class LocaleWords:
    """All words of one locale.

    Attributes:
        parts: Of each recommender, by its config.
        shares: What a part's share is; ``{}`` for the number of histories it was measured on.
        fitted: ``{items}``, ``{people}``: what it learnt from.
        later: ``{}``: how many items came later, and what that means.
        kinds: What to call each kind of behaviour.
        signal: ``{kind}``, ``{weight}``: how much a kind counts.
        ratings: ``{liked}``, ``{disliked}``, ``{weight}``: how ratings count.
        never: What is never used.
        choices: What can be done about it.
        forgotten: Of an old version whose settings this program cannot read.
    """

    parts: Mapping[type[RecommenderConfig], PartWords]
    shares: str
    fitted: str
    later: str
    kinds: Mapping[BehaviourKind, str]
    signal: str
    ratings: str
    never: tuple[str, ...]
    choices: tuple[ChoiceWords, ...]
    forgotten: str
