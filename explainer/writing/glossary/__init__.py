"""What aspects are called in other languages: catalogues speak English, a Chinese sentence says 科幻 and not "sci-fi".

An aspect that the glossary lacks stays as the catalogue has it. Evidence keeps the catalogue's words; what is to
be read has the reader's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from explainer.errors import AssetError
from explainer.evidence import CitedBehaviour, Evidence, Reason, SharedAspect

_FOLDER = Path(__file__).resolve().parent


@lru_cache(maxsize=8)
def glossary(locale: str) -> Mapping[str, str]:
    """Return aspect → what it is called in the locale; empty for a locale without a glossary.

    Raises:
        AssetError: If a line is not two columns, or names an aspect again.
    """
    path = _FOLDER / f"{locale}.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    words: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        aspect, tab, word = line.partition("\t")
        if not (aspect and tab and word) or aspect in words:
            raise AssetError(f"{path}, line {number}: give a new aspect, a tab and its word.")
        words[aspect] = word
    return words


def spoken(aspect: str, locale: str) -> str:
    """Return what the aspect is called in the locale: its own name where the glossary lacks it."""
    return glossary(locale).get(aspect.lower().replace("\u2019", "'"), aspect)


def told_in(evidence: Evidence, locale: str) -> Evidence:
    """Return the evidence with its aspects in the locale's words; what then sounds the same counts once."""
    if not glossary(locale):
        return evidence
    return replace(evidence, behaviours=tuple(_told(b, locale) for b in evidence.behaviours))


def _told(behaviour: CitedBehaviour, locale: str) -> CitedBehaviour:
    reasons: list[Reason] = []
    said: set[str] = set()
    for reason in behaviour.reasons:
        if isinstance(reason, SharedAspect):
            word = spoken(reason.aspect, locale)
            if word in said:
                continue
            said.add(word)
            reasons.append(replace(reason, aspect=word))
        else:
            reasons.append(reason)
    return replace(behaviour, reasons=tuple(reasons))
