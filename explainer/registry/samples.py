"""Sample evidence of every shape, for trying templates before anybody reads what they make."""

from __future__ import annotations

from msgspec.structs import replace

from explainer.evidence import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SameCreator,
    SameSeries,
    SharedAspect,
    Standing,
)
from retriever.data import AspectSource, BehaviourKind, Polarity

NAME = "Zqvxk"
"""Stands in every title and name of the samples, and in no template."""
_DAY = 86_400
_NOW = 400 * _DAY
_NOIR, _WAR = SharedAspect("noir"), SharedAspect("war")
_STANDING = Standing(rank=2, of=90, model="hybrid", method="sequential deletion", rest=0.2, without=14)
_PEOPLE, _CLOSE = CoOccurrence(3, 7), CloseInMeaning(0.8)


def sample_evidence(domain: str) -> list[Evidence]:
    """Return evidence of every shape that the builder makes, and of every kind of behaviour, in a domain."""
    told = [Evidence("i", f"{NAME} item", domain, behaviours=_numbered(cited), now=_NOW) for cited in _SHAPES]
    told += [Evidence("i", f"{NAME} item", domain, behaviours=_numbered([_did(kind, _NOIR)])) for kind in BehaviourKind]
    untold = [
        Evidence("i", f"{NAME} item", domain, known_user=known, popularity=popularity)
        for known in (True, False)
        for popularity in (Popularity(3, 9), Popularity(3, 9, BehaviourKind.PURCHASE), None)
    ]
    untold += [
        replace(e, **{choice: True}) for e in untold[:3] for choice in ("switched_off", "all_excluded", "withheld")
    ]
    found = told + [replace(evidence, causal=False) for evidence in told] + untold
    return [replace(e, standing=_STANDING if e.causes else replace(_STANDING, without=None)) for e in found]


def _did(kind: BehaviourKind, *reasons: Reason, value: float | None = None, more: int = 0) -> CitedBehaviour:
    return CitedBehaviour(
        slot="",
        behaviour_id="b",
        item_id="j",
        title=f"{NAME} other",
        kind=kind,
        polarity=Polarity.POSITIVE,
        contribution=0.5,
        share=0.4,
        reasons=reasons,
        value=value,
        more_of_series=more,
    )


def _rated(*reasons: Reason, value: float = 5.0, more: int = 0) -> CitedBehaviour:
    return _did(BehaviourKind.RATING, *reasons, value=value, more=more)


def _numbered(cited: list[CitedBehaviour]) -> tuple[CitedBehaviour, ...]:
    return tuple(replace(b, slot=f"b{n}", time=_NOW - n * 3 * _DAY) for n, b in enumerate(cited, start=1))


_VIEWED = _did(BehaviourKind.VIEW, _WAR)
_LOW = replace(_rated(_NOIR, value=1.0), polarity=Polarity.NEGATIVE, contribution=-0.3, share=-0.2)
_SHAPES: list[list[CitedBehaviour]] = [
    [_rated(_NOIR)],
    [_rated(_NOIR, _WAR, value=3.5)],
    [_rated(_NOIR), _rated(_WAR, value=4.0)],
    [_rated(_NOIR), _rated(_NOIR)],
    [_rated(_NOIR), _VIEWED, _did(BehaviourKind.PURCHASE, _NOIR)],
    [_VIEWED, _VIEWED, _VIEWED],
    [_rated(_NOIR), _LOW],
    [_rated(_WAR), _rated(_PEOPLE), _LOW],
    [_rated(_PEOPLE)],
    [_rated(_PEOPLE), _rated(_NOIR)],
    [_rated(_CLOSE)],
    [_rated(_CLOSE), _rated(_CLOSE), _rated(_PEOPLE)],
    [_rated(_CLOSE), _rated(_NOIR)],
    [_rated(SharedAspect("noir", AspectSource.TITLE))],
    [_rated(SharedAspect("noir", AspectSource.TEXT)), _rated(SharedAspect("war", AspectSource.TEXT))],
    [_rated(SameSeries(f"The {NAME} series"), more=2)],
    [_rated(SameSeries(f"{NAME} series")), _rated(SameCreator(f"{NAME} maker"))],
    [_rated(SameCreator(f"{NAME} maker")), _rated(_NOIR), _rated(_PEOPLE)],
]
