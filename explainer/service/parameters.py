"""The main parameters of the recommender in plain words, from the config that is in use, and those of all before it.

What Article 27 of the Digital Services Act asks for: which criteria matter most, how much each of them does, and how
people can change what they get.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from explainer.pipeline import Explainer
from explainer.service.importance import Importance
from explainer.service.parameter_words import WORDS, LocaleWords
from explainer.storage.version_tables import ModelVersionRow
from explainer.storage.versions import model_versions
from explainer.writing.style import known_style
from retriever.data import Behaviour, BehaviourKind, ValueScale
from retriever.recommenders.factory import AnyConfig, class_of
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.weighting import behaviour_weight
from retriever.store import FittedModel


class Setting(msgspec.Struct, frozen=True):
    """One setting: its name in the config, its value, and what that says."""

    name: str
    value: float | str | None
    words: str


class PartDescription(msgspec.Struct, frozen=True):
    """One way of recommending.

    Attributes:
        name: In the config.
        title: What to call it.
        looks_at: What it looks at.
        weight: By what its scores are multiplied.
        share: How much it matters, 0 to 1; None where that was not measured.
        settings: Its main settings.
    """

    name: str
    title: str
    looks_at: str
    weight: float
    share: float | None
    settings: list[Setting]


class RecommenderDescription(msgspec.Struct, frozen=True):
    """A recommender in words; ``parts`` are most important first."""

    name: str
    title: str
    words: str
    parts: list[PartDescription]


class Learnt(msgspec.Struct, frozen=True):
    """What it has learnt from: how many items and people, and how many items came later."""

    items: int
    people: int
    later_items: int
    words: list[str]


class Signal(msgspec.Struct, frozen=True):
    """How much one kind of behaviour counts, where it has no rating."""

    kind: BehaviourKind
    weight: float
    words: str


class Choice(msgspec.Struct, frozen=True):
    """How somebody can change what is recommended to them: the call, and what it does."""

    call: str
    words: str


class RecommenderVersion(msgspec.Struct, frozen=True):
    """A version that has explained something.

    Attributes:
        version: Its hash.
        since: When it first did.
        in_use: Whether it is the one that recommends now.
        recommender: What it was; None where this program cannot read its settings.
        words: What is to be said of it; empty where ``recommender`` says all.
    """

    version: str
    since: datetime
    in_use: bool
    recommender: RecommenderDescription | None
    words: str


class Parameters(msgspec.Struct, frozen=True):
    """The main parameters.

    Attributes:
        locale: Language of the words.
        version: The version that recommends now.
        recommender: What it does.
        shares: What the shares of its parts are.
        learnt: What it has learnt from.
        signals: How much behaviours count.
        ratings: How ratings count.
        never: What is never used.
        choices: What people can do about it.
        history: Every version that has explained something, newest first.
    """

    locale: str
    version: str
    recommender: RecommenderDescription
    shares: str
    learnt: Learnt
    signals: list[Signal]
    ratings: str
    never: list[str]
    choices: list[Choice]
    history: list[RecommenderVersion]


def parameters(explainer: Explainer, importance: Importance, locale: str) -> Parameters:
    """Return the parameters in use and those of every version before.

    Raises:
        PromptError: If there are no words in that language.
    """
    words = WORDS[known_style(locale).locale]
    model = explainer.model
    shares, people = importance.of(explainer)
    with explainer.database.session() as session:
        rows = model_versions(session, "recommender")
    return Parameters(
        locale,
        model.version,
        described(model.recommender.config, words, shares),
        words.shares.format(people),
        _learnt(model, words),
        _signals(words, model.recommender.scale),
        _ratings(words, model.recommender.scale),
        list(words.never),
        [Choice(choice.call, choice.words) for choice in words.choices],
        [_version(row, words, shares if row.version == model.version else {}, model.version) for row in rows],
    )


def described(config: AnyConfig, words: LocaleWords, shares: Mapping[str, float]) -> RecommenderDescription:
    """Return a config in words.

    Args:
        config: Of any recommender.
        words: In which language.
        shares: What is known of its parts' importance, by name.
    """
    weights = config.weights if isinstance(config, HybridConfig) else {}
    parts = config.parts if isinstance(config, HybridConfig) else (config,)
    alone = len(parts) == 1
    found = []
    for part in parts:
        name = class_of(part).name
        share = 1.0 if alone else shares.get(name)
        told = words.parts[type(part)]
        found.append(
            PartDescription(name, told.title, told.looks_at, weights.get(name, 1.0), share, _settings(part, words))
        )
    found.sort(key=lambda part: -(part.share or 0.0))
    told = words.parts[type(config)]
    return RecommenderDescription(class_of(config).name, told.title, told.looks_at, found)


def _settings(config: AnyConfig, words: LocaleWords) -> list[Setting]:
    told = words.parts[type(config)].settings
    return [Setting(name, getattr(config, name), says.of(getattr(config, name))) for name, says in told.items()]


def _learnt(model: FittedModel, words: LocaleWords) -> Learnt:
    items, people = len(model.fitted.recommender.catalogue), model.counts.people
    later = model.recommender.catalogue.cold
    said = [words.fitted.format(items=f"{items:,}", people=f"{people:,}")]
    return Learnt(items, people, later, said + ([words.later.format(f"{later:,}")] if later else []))


def _signals(words: LocaleWords, scale: ValueScale) -> list[Signal]:
    """Return what every kind counts without a rating, the strongest first; ratings are told of apart."""
    weights = {
        kind: behaviour_weight(Behaviour("", "", "", kind), scale)
        for kind in BehaviourKind
        if kind is not BehaviourKind.RATING
    }
    return [
        Signal(kind, weight, words.signal.format(kind=words.kinds[kind], weight=f"{weight:g}"))
        for kind, weight in sorted(weights.items(), key=lambda pair: -pair[1])
    ]


def _ratings(words: LocaleWords, scale: ValueScale) -> str:
    lowest = behaviour_weight(Behaviour("", "", "", BehaviourKind.RATING, value=scale.low), scale)
    liked, disliked = (scale.low + share * (scale.high - scale.low) for share in (scale.liked, scale.disliked))
    return words.ratings.format(liked=f"{liked:g}", disliked=f"{disliked:g}", weight=f"{-lowest:g}")


def _version(row: ModelVersionRow, words: LocaleWords, shares: Mapping[str, float], in_use: str) -> RecommenderVersion:
    try:
        config = msgspec.convert(row.details.get("config"), AnyConfig)
    except msgspec.ValidationError:
        return RecommenderVersion(row.version, row.created_at, row.version == in_use, None, words.forgotten)
    return RecommenderVersion(row.version, row.created_at, row.version == in_use, described(config, words, shares), "")
