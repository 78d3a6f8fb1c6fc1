"""Clauses, sentences and words that no evidence supports, put into a true text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from explainer.tuning.evaluation.perturbations.base import Case, Change, Good, ended, interrupted, said
from explainer.tuning.evaluation.perturbations.phrases import Phrases


def _fitting(lists: Mapping[str, tuple[str, ...]], name: str, good: Good) -> list[str]:
    """Return the phrases that are false of these facts, as this reader would be told them."""
    own = lists[name] if good.style.is_customer else lists.get(f"{name} staff", lists[name])
    return [phrase for phrase in own if good.evidence.popularity is None or "popular" not in phrase]


def clauses(phrases: Phrases, name: str) -> Change:
    """Return the change that puts one of the class' clauses before a pause, and one before the end."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        fitting = _fitting(phrases.clauses, name, good)
        tail, middle = rng.choice(fitting), rng.choice(fitting)
        yield from said(good, ended(good.text, tail), f"clause {tail!r}")
        yield from said(good, interrupted(good.text, middle), f"clause {middle!r} inside")

    return change


def sentences(phrases: Phrases, name: str) -> Change:
    """Return the change that puts one of the class' sentences before the text, and one behind it."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        fitting = _fitting(phrases.sentences, name, good)
        before, behind = rng.choice(fitting), rng.choice(fitting)
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
