"""A rating that is said of one behaviour and meant of the next one too: "{b1} {b1.value} and {b2} as well".

No rating stands beside the second one, so nothing there could be attached wrongly; a reader hears the first one again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from explainer.evidence import Evidence
from explainer.writing.gate.mentions import is_behaviour, without_asides
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import nouns_of
from explainer.writing.ratings import are_rated_alike

_RATING = ".value"
_TO_WHOM = frozenset({"for", "to"})
_MORE = _TO_WHOM | {
    "a", "alike", "also", "an", "and", "as", "both", "each", "once", "same", "so", "the", "then", "too", "well",
}  # fmt: skip
# ", which you gave {b1.value}," is an aside, and the list around it goes on without it.
_ASIDE = frozenset({"which", "that", "whose"})


def carried_over(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``misattached: rating`` for every rating that is meant of a behaviour rated otherwise, or not at all."""
    fillers = _MORE | nouns_of(evidence.domain)
    for told in sentences(tokens):
        carried = ""
        for segment in segments(without_asides(told)):
            rated = [n for n, token in enumerate(segment) if _is_rating(token)]
            after = segment[rated[-1] + 1 :] if rated else segment
            if rated:
                carried = "" if segment[0].text in _ASIDE else segment[rated[-1]].text.removesuffix(_RATING)
            goes_on = _only_names(after, fillers | {"like"}) if rated else _goes_on(segment, fillers)
            meant = [t.text for t in after if is_behaviour(t) and t.text != carried] if goes_on else []
            if carried and meant and not are_rated_alike([carried, *meant], evidence):
                yield f"misattached: {carried}{_RATING}"
            carried = carried if goes_on else ""


def _goes_on(segment: Sequence[Token], fillers: AbstractSet[str]) -> bool:
    """Return whether a segment says nothing by itself, or begins with whom the same was given to: "for {b2} too"."""
    lead = next((n for n, t in enumerate(segment) if t.text not in _MORE), len(segment))
    to_whom = bool(_TO_WHOM & {t.text for t in segment[:lead]}) and any(map(is_behaviour, segment[lead : lead + 1]))
    return to_whom or _only_names(segment, fillers)


def _only_names(tokens: Sequence[Token], fillers: AbstractSet[str]) -> bool:
    return all(t.kind is TokenKind.ASPECT or is_behaviour(t) or t.text in fillers for t in tokens)


def _is_rating(token: Token) -> bool:
    return token.kind is TokenKind.SLOT and token.text[0] == "b" and token.text.endswith(_RATING)
