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
from explainer.writing.gate.tokens import TokenKind, tokenize
from explainer.writing.style import Style
from retriever.data import Polarity

_WORDS = 2
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
    """Return what kind of facts these are, e.g. ``customer rating:aa rating:p``: texts about such begin alike."""
    acts = [f"{b.kind.value}:{''.join(_marks(b, evidence))}" for b in evidence.behaviours]
    if not evidence.causes:
        popular = evidence.popularity.kind.value if evidence.popularity else "none"
        acts = [f"popular:{popular}", "known" if evidence.known_user else "new"]
    return " ".join([style.audience, *acts, *([] if evidence.causal else ["association"])])


def _marks(behaviour: CitedBehaviour, evidence: Evidence) -> Iterator[str]:
    if behaviour.polarity is Polarity.NEGATIVE:
        yield "-"
    if behaviour.series:
        yield "S" if behaviour.more_of_series else "s"
    if behaviour.creator:
        yield "m"
    if not (behaviour.series or behaviour.creator):
        # Whether an aspect is everybody's changes how a sentence can begin.
        common = set(behaviour.aspects) <= set(evidence.common_aspects)
        yield ("a" if common else "o") * len(behaviour.aspects)
    if behaviour.co_occurrence:
        yield "p"
    if behaviour.close:
        yield "c"
    if evidence.now is not None and behaviour.time is not None:
        yield "t"


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

    def fitting(self, evidence: Evidence, style: Style) -> tuple[str, ...]:
        """Return the cues for these facts; empty where such facts are unknown."""
        return self._cues.get(signature(evidence, style), ())
