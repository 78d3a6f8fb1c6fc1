"""Every shape that evidence can take, small: what templates are tried on, and what their words are collected from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec.structs import replace

from explainer.evidence import Evidence
from explainer.tuning.examples import Example, Link
from explainer.writing.gate import tokenize
from explainer.writing.gate.tokens import TokenKind
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.style import Style
from retriever.data import AspectSource, BehaviourKind

DOMAINS = ("video", "shop", "content", "social", "news")
_KIND = BehaviourKind
_RATED, _LIKED = _KIND.RATING, _KIND.LIKE
_LINKS: tuple[Link, ...] = (
    Link(_RATED, ("noir",)),
    Link(_RATED, ("noir", "crime"), people=True),
    Link(_RATED, people=True),
    Link(_RATED, close=True),
    Link(_RATED, ("sci-fi",), close=True, people=True),
    Link(_RATED, series=True, more=True, people=True),
    Link(_RATED, ("noir",), series=True),
    Link(_RATED, creator=True, people=True),
    Link(_RATED, series=True, creator=True),
)
_ANY_KIND = (Link(_RATED, ("noir",)), Link(_RATED, people=True), Link(_RATED, series=True, more=True))
_PAIRS: tuple[tuple[Link, ...], ...] = (
    (Link(_RATED, ("noir",)), Link(_RATED, ("noir",))),
    (Link(_RATED, ("noir", "crime")), Link(_RATED, ("crime",), people=True)),
    (Link(_RATED, ("noir",)), Link(_LIKED, ("comedy",))),
    (Link(_RATED, ("noir",), people=True), Link(_KIND.VIEW, close=True)),
    (Link(_KIND.READ, close=True), Link(_KIND.READ, close=True, people=True)),
    (Link(_KIND.PURCHASE, people=True), Link(_KIND.PURCHASE, people=True)),
    (Link(_RATED, series=True), Link(_RATED, series=True, people=True)),
    (Link(_LIKED, series=True), Link(_KIND.READ, creator=True)),
    (Link(_RATED, creator=True), Link(_RATED, creator=True)),
    (Link(_RATED, ("noir",)), Link(_RATED, ("horror",), low=True)),
    (Link(_RATED, people=True), Link(_RATED, close=True, low=True)),
    (Link(_RATED, ("noir",), when=True), Link(_KIND.VIEW, ("noir",), when=True)),
    (Link(_LIKED, series=True, people=True), Link(_LIKED, ("noir",)), Link(_LIKED, people=True)),
    (Link(_LIKED, ("noir",)), Link(_LIKED, close=True), Link(_LIKED, people=True)),
    (Link(_KIND.VIEW, ("noir",)), Link(_LIKED, ("noir",)), Link(_KIND.VIEW, people=True)),
    (Link(_LIKED, ("noir",)), Link(_KIND.READ, ("noir",)), Link(_KIND.FOLLOW, ("noir",))),
    (Link(_RATED, ("noir",)), Link(_RATED, ("crime",)), Link(_RATED, ("comedy", "noir"))),
    (Link(_LIKED, close=True), Link(_KIND.FOLLOW, close=True), Link(_LIKED, close=True)),
    (Link(_RATED, ("noir",)), Link(_RATED, ("crime", "noir"), people=True), Link(_RATED, ("horror",), low=True)),
)


def shapes(domain: str) -> Iterator[Evidence]:
    """Yield evidence of every shape in a domain: all kinds, links, sources, combinations, and none of them."""
    yield from _kept_out(domain)
    for example in _examples(domain):
        facts = example.evidence()
        yield facts
        if facts.standing is not None and example.behaviours in _PAIRS:
            yield replace(facts, standing=replace(facts.standing, without=None))


def _kept_out(domain: str) -> Iterator[Evidence]:
    """Yield evidence of readers who let nothing they did be used, or nothing of it be told."""
    for popular, known in itertools.product((None, *_KIND), (True, False)):
        facts = Example("x", domain, "", popular=popular, known=known).evidence()
        yield replace(facts, switched_off=True)
        if known:
            yield replace(facts, all_excluded=True)
            yield replace(facts, withheld=True)


def told(evidence: Evidence, style: Style) -> Evidence:
    """Return the evidence that a reader's fallback tells: no low rating to customers."""
    return replace(evidence, behaviours=evidence.causes) if style.is_customer else evidence


def template_words(style: Style) -> set[str]:
    """Return the words, other than aspects, of every text that the templates make for a reader."""
    library = PromptLibrary()
    drafts = {
        (library.fallback(evidence, variant, style), evidence.aspects)
        for domain in DOMAINS
        for evidence in shapes(domain)
        for variant in range(VARIANTS)
    }
    tokens = (token for draft, aspects in drafts for token in tokenize(draft, aspects, style.locale))
    return {token.text for token in tokens if token.kind is TokenKind.WORD}


def _examples(domain: str) -> Iterator[Example]:
    for causal, source in itertools.product((True, False), AspectSource):
        for behaviours in _combinations():
            # What else there is does not depend on where aspects stand.
            if source is AspectSource.CATALOGUE or (causal and any(link.shares for link in behaviours)):
                yield Example("x", domain, "", behaviours, source=source, causal=causal)
    for popular, known in itertools.product((None, *_KIND), (True, False)):
        yield Example("x", domain, "", popular=popular, known=known)


def _combinations() -> Iterator[tuple[Link, ...]]:
    for link in _LINKS:
        yield (link,)
        if not link.more:
            yield (replace(link, when=True),)
    for kind in _KIND:
        yield from ((replace(link, kind=kind, when=kind is _LIKED),) for link in _ANY_KIND)
    yield from _PAIRS
