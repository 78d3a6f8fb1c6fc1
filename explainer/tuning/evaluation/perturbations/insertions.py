"""Clauses, sentences and words that no evidence supports, put into a true text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from explainer.tuning.evaluation.perturbations.base import Case, Change, Good, ended, interrupted, said
from explainer.tuning.evaluation.perturbations.phrases import Phrases


def clauses(phrases: Phrases, name: str) -> Change:
    """Return the change that puts one of the class' clauses before a pause, and one before the end."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        tail, middle = rng.choice(phrases.clauses[name]), rng.choice(phrases.clauses[name])
        yield from said(good, ended(good.text, tail), f"clause {tail!r}")
        yield from said(good, interrupted(good.text, middle), f"clause {middle!r} inside")

    return change


def sentences(phrases: Phrases, name: str) -> Change:
    """Return the change that puts one of the class' sentences before the text, and one behind it."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        before, behind = rng.choice(phrases.sentences[name]), rng.choice(phrases.sentences[name])
        yield from said(good, f"{before} {good.text}", f"sentence {before!r} before")
        yield from said(good, f"{good.text} {behind}", f"sentence {behind!r} behind")

    return change


def words(phrases: Phrases, name: str) -> Change:
    """Return the change that writes something else in place of a slot or word."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        for pattern, others in phrases.words.get(name, ()):
            places = list(re.finditer(pattern, good.text))
            if places:
                place, other = rng.choice(places), rng.choice(others)
                text = good.text[: place.start()] + other + good.text[place.end() :]
                yield from said(good, text, f"{other!r} for {place[0]!r}")

    return change
