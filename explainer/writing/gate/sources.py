"""Where an aspect is said to stand: "in the title" is true of a word in both titles, not of a genre in a catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.tokens import Token, TokenKind
from retriever.data import AspectSource

_CATALOGUE, _TITLE, _TEXT = AspectSource.CATALOGUE, AspectSource.TITLE, AspectSource.TEXT
_ONLY_NEWS = frozenset({"headline", "headlines"})
_STANDS: Mapping[str, frozenset[AspectSource]] = (
    dict.fromkeys(("title", "titles", "names", *_ONLY_NEWS), frozenset({_TITLE}))
    | dict.fromkeys(("mention", "mentions", "mentioned", "word"), frozenset({_TITLE, _TEXT}))
    | dict.fromkeys(("tag", "tags", "tagged", "filed"), frozenset({_CATALOGUE}))
)


def missourced(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``source_claim: word`` for every word that says of the aspects where they stand, and is wrong."""
    source = evidence.aspect_source if evidence.aspects else None
    for token in tokens:
        if token.kind is TokenKind.WORD and token.text in _STANDS:
            at_home = token.text not in _ONLY_NEWS or evidence.domain == "news"
            if source not in _STANDS[token.text] or not at_home:
                yield f"source_claim: {token.text}"
