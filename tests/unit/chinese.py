"""Evidence that is told in Chinese, and what the gate finds in a draft of it."""

from __future__ import annotations

from explainer.tuning.examples import Example, Link
from explainer.writing.gate import check
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind

ZH = Style("zh")
VOCABULARY = load_vocabulary("zh")
NOIR, TWO = ("r noir",), ("r drama", "r comedy")
KINDS = {
    "r": BehaviourKind.RATING,
    "v": BehaviourKind.VIEW,
    "p": BehaviourKind.PURCHASE,
    "d": BehaviourKind.READ,
    "l": BehaviourKind.LIKE,
}


def evidence(*specs, domain="video", **more):
    """Make evidence: "r noir,crime people" is a rating with two shared aspects and a count; "low" a low one."""
    flags = {"people", "close", "series", "more", "creator", "when", "low"}
    links = []
    for spec in specs:
        kind, *rest = spec.split()
        shares = tuple(a for word in rest if word not in flags for a in word.split(","))
        links.append(Link(KINDS[kind], shares, **{word: True for word in rest if word in flags}))
    return Example("x", domain, "", tuple(links), locale="zh", **more).evidence()


def failures(draft, facts, audience="customer"):
    return check(draft, facts, load_vocabulary("zh", audience), Style("zh", audience)).failures
