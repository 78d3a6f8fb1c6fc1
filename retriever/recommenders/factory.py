"""Every recommender by name: the one list that fitting, loading, evaluating and the command line go by."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec

from retriever.errors import SettingsError
from retriever.recommenders.base import Recommender
from retriever.recommenders.hybrid import HybridRecommender
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.registry import SingleConfig, recommender_for

AnyConfig = SingleConfig | HybridConfig
DEFAULT = HybridRecommender.name


def class_of(config: AnyConfig) -> type[Recommender]:
    """Return the recommender that a config is for."""
    return HybridRecommender if isinstance(config, HybridConfig) else recommender_for(config)


def default_configs() -> dict[str, AnyConfig]:
    """Return the default settings of every recommender by its name, the hybrid last."""
    configs: list[AnyConfig] = [config() for config in get_args(AnyConfig)]
    return {class_of(config).name: config for config in configs}


def config_named(name: str) -> AnyConfig:
    """Return the default settings of a recommender.

    Raises:
        SettingsError: If there is no such recommender.
    """
    configs = default_configs()
    if name not in configs:
        raise SettingsError(f"There is no recommender {name!r}; there are {', '.join(configs)}.")
    return configs[name]


def config_from(path: Path) -> AnyConfig:
    """Return the settings in a JSON file; its ``recommender`` field says whose they are.

    Raises:
        SettingsError: If the file can't be read or holds something else.
    """
    try:
        config: AnyConfig = msgspec.json.decode(path.read_bytes(), type=AnyConfig)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path} holds no settings of a recommender: {error}.") from error
    return config
