"""Perturbations by class: every way in which a true text is made one that must be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explainer.tuning.evaluation.perturbations import characters, facts, shape, slots, wording_en
from explainer.tuning.evaluation.perturbations.base import Case, Change, Good
from explainer.tuning.evaluation.perturbations.insertions import clauses, sentences, words
from explainer.tuning.evaluation.perturbations.phrases import Phrases
from explainer.tuning.evaluation.perturbations.phrases_en import ENGLISH
from explainer.tuning.evaluation.perturbations.phrases_zh import CHINESE
from explainer.tuning.evaluation.perturbations.residue import echoes
from explainer.writing.prompts import PromptLibrary

__all__ = ["PHRASES", "Case", "Change", "Good", "perturbations"]

PHRASES: Mapping[str, Phrases] = {"en": ENGLISH, "zh": CHINESE}
"""By locale; without phrases a locale is tested with what needs none."""
_PLACED = ("name", "offer", "superlative", "number", "sensitive", "language", "url", "markup", "residue", "unfounded")
Classes = dict[str, list[Change]]


def perturbations(locale: str, prompts: PromptLibrary) -> Mapping[str, Sequence[Change]]:
    """Return the changes of every class for a locale."""
    classes = _of_any_language(prompts)
    phrases = PHRASES.get(locale)
    if phrases is not None:
        for name, changes in _of_phrases(phrases).items():
            classes.setdefault(name, []).extend(changes)
    if locale == "en":
        for name, changes in _of_english().items():
            classes.setdefault(name, []).extend(changes)
    return classes


def _of_any_language(prompts: PromptLibrary) -> Classes:
    return {
        "aspect_of_neither": [facts.aspect_nowhere],
        "polarity": [facts.rated_high],
        "zero_width": [characters.inserted(characters.ZERO_WIDTH)],
        "bidi": [characters.inserted(characters.BIDI)],
        "homoglyph": [characters.confused],
        "residue": [echoes(prompts)],
        "slot": [slots.unknown, slots.counts, slots.figures, slots.standing, facts.not_by_maker],
        "sensitive": [facts.sensitive_aspect],
        "shape": [shape.unfinished, shape.broken, shape.halved],
        "repeated": [shape.repeated],
    }


def _of_phrases(phrases: Phrases) -> Classes:
    both = {name: [clauses(phrases, name), sentences(phrases, name)] for name in _PLACED if name in phrases.clauses}
    for name in ("name", "number"):
        both[name].append(words(phrases, name))
    return both | {
        "polarity": [clauses(phrases, "negation"), sentences(phrases, "negation"), facts.rated_low(phrases.contrasts)],
        "who": [clauses(phrases, "who"), sentences(phrases, "who")],
        "cause": [
            facts.no_cause(phrases.causes),
            facts.confirmed,
            facts.unproven(clauses(phrases, "cause")),
            facts.unproven(sentences(phrases, "cause")),
        ],
    }


def _of_english() -> Classes:
    """Return the changes that read English: who owns what, who did what."""
    return {
        "aspect_of_another": [facts.aspect_elsewhere, wording_en.slots_exchanged, wording_en.aspect_of_another],
        "aspect_of_neither": [wording_en.aspect_of_neither],
        "polarity": [facts.liking_unknown, wording_en.negated, wording_en.turned, wording_en.praised],
        "who": [
            facts.other_kind,
            facts.kind_of_one,
            facts.not_new,
            wording_en.ordinals_exchanged,
            facts.counted_otherwise,
            facts.popular_otherwise,
            facts.not_close,
            facts.not_of_series,
            wording_en.done_to_the_item,
            wording_en.people_as_reader,
        ],
    }
