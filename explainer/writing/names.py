"""Names among the aspects: words from titles and texts, and whatever has capitals, reach the model as slots only.

"Xbox 360" or a word of a stranger's title is neither shown to a model nor spelled by it: prompts and drafts say
``{a1}``, the system puts the words in before the gate reads the draft. So a title cannot instruct the model, names are
always spelled right, and facts that differ in names alone share one prompt. Plain catalogue aspects ("comedy") stay
words: English must inflect them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from explainer.evidence import CitedBehaviour, Evidence, SharedAspect
from retriever.data import AspectSource

_SLOT = re.compile(r"(?P<noun>\b(?:word|name) )?\{(?P<slot>a[1-9])\}")
_BEGINS = re.compile(r"(?:^|[.!?] )$")


def names_of(evidence: Evidence) -> dict[str, str]:
    """Return slot → aspect for every aspect that is told by slot, in order of first mention: ``{"a1": "Xbox 360"}``."""
    shared = [r for b in evidence.behaviours for r in b.reasons if isinstance(r, SharedAspect)]
    named = dict.fromkeys(reason.aspect for reason in shared if _is_name(reason))
    return {f"a{number}": aspect for number, aspect in enumerate(named, start=1)}


def _is_name(reason: SharedAspect) -> bool:
    return reason.source is not AspectSource.CATALOGUE or reason.aspect != reason.aspect.lower()


def by_slot(evidence: Evidence) -> Evidence:
    """Return the evidence as a prompt tells it: names replaced by their slots."""
    slots = {aspect: f"{{{slot}}}" for slot, aspect in names_of(evidence).items()}
    return replace(evidence, behaviours=tuple(_by_slot(b, slots) for b in evidence.behaviours)) if slots else evidence


def _by_slot(behaviour: CitedBehaviour, slots: Mapping[str, str]) -> CitedBehaviour:
    reasons = (
        replace(r, aspect=slots.get(r.aspect, r.aspect)) if isinstance(r, SharedAspect) else r
        for r in behaviour.reasons
    )
    return replace(behaviour, reasons=tuple(reasons))


def spelled_out(draft: str, evidence: Evidence) -> str:
    """Return the draft with names in place of their slots; a slot that names nothing stays, for the gate to refuse.

    A name begins a sentence with a capital, and "the word" before it becomes "the name" or "the words" as it should.
    """
    names = names_of(evidence)

    def written(match: re.Match[str]) -> str:
        name = names.get(match["slot"])
        if name is None:
            return match[0]
        if match["noun"]:
            return f"{_noun(name)} {name}"
        return name[0].upper() + name[1:] if _BEGINS.search(draft, 0, match.start()) else name

    return _SLOT.sub(written, draft)


def _noun(name: str) -> str:
    if name != name.lower():
        return "name"
    return "words" if " " in name else "word"


def shortened(text: str, evidence: Evidence) -> str:
    """Return a text with slots in place of names, as a model is to write it: what :func:`spelled_out` undoes."""
    slots = {aspect.lower(): f"{{{slot}}}" for slot, aspect in names_of(evidence).items()}
    if not slots:
        return text
    longest_first = "|".join(re.escape(name) for name in sorted(slots, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w'{{.-])(?:{longest_first})(?![\w'}}]|-\w)", re.IGNORECASE)
    return pattern.sub(lambda match: slots[match[0].lower()], text)
