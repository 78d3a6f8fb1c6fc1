"""What the parameters of recommenders mean, in plain words, per locale.

Every recommender's config has words in every locale, and every field of a config is either explained or named as one
that only says how it was computed; a test walks them all.
"""

from __future__ import annotations

from collections.abc import Mapping

from explainer.service.parameter_words.en import WORDS as EN
from explainer.service.parameter_words.shape import LocaleWords, PartWords, SettingWords
from explainer.service.parameter_words.zh import WORDS as ZH

WORDS: Mapping[str, LocaleWords] = {"en": EN, "zh": ZH}

__all__ = ["WORDS", "LocaleWords", "PartWords", "SettingWords"]
