"""Cues: the first words that a prompt asks a text to begin with, so that equal facts are not always told alike.

Which cues fit which facts is learnt: :func:`explainer.tuning.cues` reads them off the corpus and keeps those with which
the adapter writes texts that pass the gate. They lie beside the adapter, in ``cues.json``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from explainer.errors import AssetError
from explainer.evidence import CitedBehaviour, Evidence
from explainer.writing.ago import ago
from explainer.writing.gate.rules import named_deeds
from explainer.writing.gate.tokens import TokenKind, tokenize
from explainer.writing.gate.words import DEEDS, DOINGS, LIKED, foreign_nouns
from explainer.writing.slots import SLOT, slot_values
from explainer.writing.style import AUDITOR, Style
from retriever.data import AspectSource, BehaviourKind, Polarity

_WORDS = 2
_PARTIAL = "oqrvwxyz"
_TELLS_ASPECTS = frozenset("a" + _PARTIAL)
FILE = "cues.json"


def cue_of(text: str, aspects: Sequence[str]) -> str:
    """Return how a text begins: its first two words or slots, cut before an aspect.

    Args:
        text: A draft with slots.
        aspects: The aspects of its evidence; a cue names none, since it is used with others.
    """
    words: list[str] = []
    for word in text.split()[:_WORDS]:
        if any(token.kind is TokenKind.ASPECT for token in tokenize(word, aspects)):
            break
        words.append(word)
    # "Science fiction" is one aspect of two words.
    if len(words) == _WORDS and any(t.kind is TokenKind.ASPECT for t in tokenize(" ".join(words), aspects)):
        words = []
    return " ".join(words).rstrip(",;:.")


def signature(evidence: Evidence, style: Style) -> str:
    """Return what kind of facts these are, e.g. ``customer aa p``: texts about such begin alike.

    A mark a reason, behaviours apart by spaces: ``a`` an aspect of all cited, ``o`` ``q`` ``r`` … one of some (the same
    letter is the same aspect), ``p`` people, ``c`` close, ``s`` series (``S`` with more of it), ``m`` maker, ``t`` a
    time, ``-`` a low rating. A last word says where aspects stand, if not in the catalogue. Auditors read no reasons.
    """
    acts = ["".join(_marks(b, evidence, style)) for b in evidence.behaviours]
    if not evidence.causes:
        acts = ["popular" if evidence.popularity else "unexplained", "known" if evidence.known_user else "new"]
    elif style.audience == AUDITOR:
        acts = ["." * len(evidence.causes)]
    elif _TELLS_ASPECTS & set("".join(acts)) and evidence.aspect_source is not AspectSource.CATALOGUE:
        acts.append(evidence.aspect_source.value)
    return " ".join([style.audience, *acts, *([] if evidence.causal else ["association"])])


def _marks(behaviour: CitedBehaviour, evidence: Evidence, style: Style) -> Iterator[str]:
    if behaviour.polarity is Polarity.NEGATIVE:
        yield "-"
    if behaviour.series:
        yield "S" if behaviour.more_of_series else "s"
    if behaviour.creator:
        yield "m"
    if not (behaviour.series or behaviour.creator):
        # Whether an aspect is everybody's changes how a sentence can begin.
        common = set(behaviour.aspects) <= set(evidence.common_aspects)
        partial = [aspect for aspect in evidence.aspects if aspect not in evidence.common_aspects]
        yield from "a" * len(behaviour.aspects) if common else (_mark(aspect, partial) for aspect in behaviour.aspects)
    if behaviour.co_occurrence:
        yield "p"
    if behaviour.close:
        yield "c"
    if ago(behaviour.time, evidence.now, style.locale) is not None:
        yield "t"


def _mark(aspect: str, partial: Sequence[str]) -> str:
    """Return the letter of an aspect that not all share; common ones beside it count as another of these."""
    return _PARTIAL[min(partial.index(aspect), len(_PARTIAL) - 1)] if aspect in partial else "a"


def suits(cue: str, evidence: Evidence, style: Style) -> bool:
    """Return whether a text about these facts can begin so: slots are there, verbs and nouns are theirs."""
    if not set(SLOT.findall(cue)) <= slot_values(evidence, style).keys():
        return False
    tokens = tokenize(cue, ())
    words = {token.text for token in tokens if token.kind is TokenKind.WORD}
    kinds = {b.kind for b in evidence.behaviours}
    if evidence.popularity is not None:
        kinds.add(evidence.popularity.kind)
    rated = any(b.value is not None for b in evidence.behaviours)
    likes = rated or BehaviourKind.LIKE in kinds
    if words & LIKED and not likes:
        return False
    done = all(DOINGS[word] & kinds for word in words & DOINGS.keys())
    done &= all(DEEDS[word] & kinds for word in named_deeds(tokens))
    return done and not words & foreign_nouns(evidence.domain)


class CueTable:
    """The cues that fit each kind of facts.

    Args:
        cues: Signature → cues, best first.
    """

    def __init__(self, cues: Mapping[str, Sequence[str]]) -> None:
        self._cues = {key: tuple(found) for key, found in cues.items()}

    @classmethod
    def load(cls, adapter: Path) -> CueTable:
        """Return the table beside an adapter.

        Raises:
            AssetError: If it is missing or damaged.
        """
        path = adapter / FILE
        try:
            return cls(msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[str, ...]]))
        except OSError as error:
            raise AssetError(f"There is no {FILE} in {adapter}; make the adapter anew with: explainer tune") from error
        except msgspec.DecodeError as error:
            raise AssetError(f"{path} is damaged: {error}; make the adapter anew with: explainer tune") from error

    def save(self, adapter: Path) -> None:
        """Write the table beside an adapter."""
        (adapter / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(self._cues, order="sorted")) + b"\n")

    def __bool__(self) -> bool:
        """Whether it holds anything: else nothing is known of what the adapter learnt."""
        return bool(self._cues)

    def fitting(self, evidence: Evidence, style: Style) -> tuple[str, ...]:
        """Return the cues for these facts; empty where such facts are unknown."""
        return tuple(c for c in self._cues.get(signature(evidence, style), ()) if suits(c, evidence, style))
