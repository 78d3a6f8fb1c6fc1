"""The same text, other facts: the surest falsehoods, for the text then says what was true and is so no longer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from explainer.evidence import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Reason,
    SameCreator,
    SameSeries,
    SharedAspect,
)
from explainer.tuning.augment import MASS
from explainer.tuning.evaluation.perturbations.base import Case, Change, Good, held_against
from explainer.tuning.evaluation.perturbations.reading import owned
from retriever.data import BehaviourKind, Polarity

_DOINGS = {
    BehaviourKind.RATING: r"\b(?:gave|rated|ratings?|marks)\b",
    BehaviourKind.VIEW: r"\b(?:watched|viewed|saw)\b",
    BehaviourKind.PURCHASE: r"\b(?:bought|purchases?)\b",
    BehaviourKind.REVIEW: r"\b(?:reviewed|reviews?)\b",
    BehaviourKind.LIKE: r"\b(?:liked|likes|enjoyed|loved)\b",
    BehaviourKind.READ: r"\bread\b",
    BehaviourKind.FOLLOW: r"\bfollowed\b",
    BehaviourKind.LISTEN: r"\blistened\b",
}  # "opened" is said of views and of clicks
_NOT_OF_THE_READER = re.compile(r"\b(?:people|who|viewers|others|customers|fans|many|audience|readers)\b|\{co")


def _exchanged(evidence: Evidence, behaviour: CitedBehaviour) -> Evidence:
    changed = tuple(behaviour if b.slot == behaviour.slot else b for b in evidence.behaviours)
    return replace(evidence, behaviours=changed)


def _without(behaviour: CitedBehaviour, aspect: str, instead: Sequence[Reason]) -> CitedBehaviour:
    reasons = [r for r in behaviour.reasons if not (isinstance(r, SharedAspect) and r.aspect == aspect)]
    return replace(behaviour, reasons=(*reasons, *instead) or (CloseInMeaning(1.0),))


def aspect_elsewhere(good: Good, _: random.Random) -> Iterator[Case]:
    """Take an aspect away from a behaviour that the text says it of; some other behaviour has it, or gets it."""
    cited = {b.slot: b for b in good.evidence.behaviours}
    for phrase in owned(good.text, good.evidence.aspects):
        owner = next((cited[s] for s in phrase.slots if s in cited and phrase.aspect in cited[s].aspects), None)
        others = [b for b in cited.values() if owner is not None and b.slot != owner.slot]
        if owner is None or not others:
            continue
        evidence = _exchanged(good.evidence, _without(owner, phrase.aspect, ()))
        if phrase.aspect not in evidence.aspects:
            source = good.evidence.aspect_source
            receiver = replace(others[0], reasons=(*others[0].reasons, SharedAspect(phrase.aspect, source)))
            evidence = _exchanged(evidence, receiver)
        yield held_against(good, evidence, f"{owner.slot} lacks {phrase.aspect}")


def aspect_nowhere(good: Good, rng: random.Random) -> Iterator[Case]:
    """Take an aspect that the text names out of all evidence, another in its place."""
    lower = good.text.lower()
    for aspect in good.evidence.aspects:
        # "Board game" is still in evidence where "board games" goes.
        rest = [other for other in good.evidence.aspects if other != aspect]
        named = re.search(rf"(?<![\w-]){re.escape(aspect.lower())}(?![\w-])", lower)
        if named is None or any(aspect in other or other in aspect for other in rest):
            continue
        other = rng.choice([a for a in MASS if a not in good.evidence.aspects and a not in lower and aspect not in a])
        source = good.evidence.aspect_source
        evidence = good.evidence
        for behaviour in evidence.behaviours:
            if aspect in behaviour.aspects:
                evidence = _exchanged(evidence, _without(behaviour, aspect, (SharedAspect(other, source),)))
        yield held_against(good, evidence, f"{other} instead of {aspect}")


def rated_low(contrasts: str) -> Change:
    """Return the change that turns a good rating into a bad one while the text praises it."""

    def change(good: Good, _: random.Random) -> Iterator[Case]:
        if re.search(contrasts, good.text, re.IGNORECASE):
            return
        for behaviour in good.evidence.causes:
            if f"{{{behaviour.slot}}}" in good.text and behaviour.kind is BehaviourKind.RATING:
                low = replace(behaviour, polarity=Polarity.NEGATIVE, value=1.0, contribution=-0.1, share=-0.1)
                yield held_against(good, _exchanged(good.evidence, low), f"{behaviour.slot} rated low")

    return change


def rated_high(good: Good, _: random.Random) -> Iterator[Case]:
    """Turn a low rating into a high one while the text tells it as low."""
    for behaviour in good.evidence.behaviours:
        said_low = re.search(r"\b(?:low|lukewarm|only)\b", good.text, re.IGNORECASE)
        if behaviour.polarity is Polarity.NEGATIVE and said_low:
            high = replace(behaviour, polarity=Polarity.POSITIVE, value=5.0, contribution=0.2, share=0.2)
            yield held_against(good, _exchanged(good.evidence, high), f"{behaviour.slot} rated high")


def other_kind(good: Good, rng: random.Random) -> Iterator[Case]:
    """Change what was done with all behaviours, while the text says of the reader that they did something else."""
    if _NOT_OF_THE_READER.search(good.text):
        return
    kinds = {b.kind for b in good.evidence.behaviours}
    told = [kind for kind, pattern in _DOINGS.items() if kind in kinds and re.search(pattern, good.text)]
    if len(kinds) == 1 and told:
        other = rng.choice([k for k in BehaviourKind if k not in kinds])
        changed = tuple(replace(b, kind=other, value=None) for b in good.evidence.behaviours)
        yield held_against(good, replace(good.evidence, behaviours=changed), f"{other.value}, not {told[0].value}")


def liking_unknown(good: Good, rng: random.Random) -> Iterator[Case]:
    """Leave only that the reader met a thing, while the text says they liked it."""
    if _NOT_OF_THE_READER.search(good.text) or not re.search(r"\b(?:liked|enjoyed|highly|high marks)\b", good.text):
        return
    kind = rng.choice((BehaviourKind.VIEW, BehaviourKind.PURCHASE, BehaviourKind.READ, BehaviourKind.CLICK))
    changed = tuple(replace(b, kind=kind, value=None) for b in good.evidence.behaviours)
    yield held_against(good, replace(good.evidence, behaviours=changed), f"only {kind.value}")


def counted_otherwise(good: Good, rng: random.Random) -> Iterator[Case]:
    """Let a count be of something else than what the text says people did; or let there be none."""
    for behaviour in good.evidence.behaviours:
        together = behaviour.co_occurrence
        if together is None or f"{{{behaviour.slot.replace('b', 'co')}.n}}" not in good.text:
            continue
        unsaid = [k for k, pattern in _DOINGS.items() if not re.search(pattern, good.text)]
        kinds = [k for k in unsaid if k not in {together.kind, BehaviourKind.VIEW, BehaviourKind.RATING}]
        rest = tuple(r for r in behaviour.reasons if not isinstance(r, CoOccurrence))
        if kinds:
            other = replace(behaviour, reasons=(*rest, replace(together, kind=rng.choice(kinds))))
            yield held_against(good, _exchanged(good.evidence, other), "a count of something else")
        uncounted = replace(behaviour, reasons=rest or (CloseInMeaning(1.0),))
        yield held_against(good, _exchanged(good.evidence, uncounted), "no count")


def popular_otherwise(good: Good, rng: random.Random) -> Iterator[Case]:
    """Let people have done something else with a popular item; or let nothing be known of people."""
    popularity = good.evidence.popularity
    if popularity is None or "{pop.n}" not in good.text:
        return
    unsaid = [k for k, pattern in _DOINGS.items() if not re.search(pattern, good.text)]
    said = [k for k, pattern in _DOINGS.items() if re.search(pattern, good.text)]
    if said and unsaid:
        other = replace(popularity, kind=rng.choice(unsaid))
        yield held_against(good, replace(good.evidence, popularity=other), f"popular: {other.kind.value}")
    yield held_against(good, replace(good.evidence, popularity=None), "nobody was counted")


def no_cause(causes: str) -> Change:
    """Return the change that takes the proof away while the text says that one thing led to another."""

    def change(good: Good, _: random.Random) -> Iterator[Case]:
        if good.evidence.causes and good.evidence.causal and re.search(causes, good.text, re.IGNORECASE):
            yield held_against(good, replace(good.evidence, causal=False), "deletion confirmed nothing")

    return change


def unproven(then: Change) -> Change:
    """Return the change made where deletion confirmed nothing (texts that name causes aside)."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        if good.evidence.causes:
            evidence = replace(good.evidence, causal=False)
            yield from then(Good(good.text, evidence, good.style, good.origin), rng)

    return change


def _unlinked(name: str, pattern: str, is_reason: Callable[[Reason], bool]) -> Change:
    def change(good: Good, _: random.Random) -> Iterator[Case]:
        if not re.search(pattern, good.text):
            return
        evidence = good.evidence
        for behaviour in evidence.behaviours:
            rest = tuple(r for r in behaviour.reasons if not is_reason(r))
            evidence = _exchanged(evidence, replace(behaviour, reasons=rest or (SharedAspect("wildlife"),)))
        if evidence != good.evidence:
            yield held_against(good, evidence, f"no {name}")

    return change


not_close = _unlinked("closeness", r"\b(?:close|near|similar)\b", lambda r: isinstance(r, CloseInMeaning))
not_of_series = _unlinked("series", r"\bseries\b", lambda r: isinstance(r, SameSeries))
not_by_maker = _unlinked("maker", r"\.creator\}", lambda r: isinstance(r, SameCreator))


def sensitive_aspect(good: Good, rng: random.Random) -> Iterator[Case]:
    """Put a private term, or what is no aspect at all, among the facts, and into the text where an aspect was."""
    term = rng.choice(("depression", "cancer", "gay", "rape", "bankruptcy", "hiv", "pregnancy", "islam"))
    for aspect in good.evidence.aspects:
        named = re.search(rf"(?<![\w-]){re.escape(aspect.lower())}(?![\w-])", good.text.lower())
        if named is None:
            continue
        evidence = good.evidence
        for behaviour in evidence.behaviours:
            if aspect in behaviour.aspects:
                evidence = _exchanged(evidence, _without(behaviour, aspect, (SharedAspect(term),)))
        text = good.text[: named.start()] + term + good.text[named.end() :]
        yield Case(text, evidence, good.style, good.origin, f"aspect {term}")
        return


def kind_of_one(good: Good, rng: random.Random) -> Iterator[Case]:
    """Change what was done with one behaviour, where the text names the act beside it."""
    verbs = "gave|rated|liked|watched|bought|reviewed|read|followed|listened"
    acts = rf"\b(?:[Yy]ou|customer|[Tt]hey) ({verbs})(?: to)? \{{(b\d)\}}"
    for verb, slot in re.findall(acts, good.text):
        behaviour = next((b for b in good.evidence.behaviours if b.slot == slot), None)
        others = [k for k, pattern in _DOINGS.items() if not re.search(pattern, verb)]
        if behaviour is not None:
            kind = rng.choice([k for k in others if k not in {behaviour.kind, BehaviourKind.RATING}])
            other = replace(behaviour, kind=kind, value=None)
            yield held_against(good, _exchanged(good.evidence, other), f"{slot}: {kind.value}")


def confirmed(good: Good, _: random.Random) -> Iterator[Case]:
    """Let deletion confirm the cause, while the text says that it did not."""
    if not good.evidence.causal and re.search(r"\b(?:unconfirmed|association)\b", good.text):
        yield held_against(good, replace(good.evidence, causal=True), "deletion confirmed it")


def not_new(good: Good, _: random.Random) -> Iterator[Case]:
    """Let the reader be known, while the text says that they are new."""
    if not good.evidence.known_user and re.search(r"\bnew\b", good.text, re.IGNORECASE):
        yield held_against(good, replace(good.evidence, known_user=True), "a known reader")
