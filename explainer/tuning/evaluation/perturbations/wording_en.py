"""English texts in which one thing is said of the wrong behaviour, of the wrong people, or the wrong way round."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from explainer.tuning.augment import COUNTED, MASS
from explainer.tuning.evaluation.perturbations.base import Case, Good, said
from explainer.tuning.evaluation.perturbations.reading import owned
from retriever.data import Polarity

_SLOT = re.compile(r"\{(b|co)(\d)([^}]*)\}")
_NEGATED = (
    (r"\b(is|are|was|does|did|has|have) ", ("{} not ", "{}n't ", "{} hardly ", "{} never ", "{} no ")),
    (
        r"\b(liked|rated|shares?|gave|watched|bought|read|opened|followed) ",
        ("never {} ", "hardly {} ", "did not {} ", "barely {} "),
    ),
    (r"\b(with|like) ", ("without {}", "unlike ", "not {} ")),
)
_OPPOSITE = (
    (r"\bliked\b", ("disliked", "hated", "loathed", "were lukewarm on", "were cold to")),
    (r"\blikes?\b", ("dislike", "hate")),
    (r"\bhigh(?:ly)?\b", ("low", "poorly")),
    (r"\bgave \{b\d\} \{", ("gave {0} only {{", "gave {0} a low {{")),
    (r"\brated \{b\d\} \{", ("rated {0} only {{", "rated {0} a low {{")),
)
_PRAISE = (
    (r"\bonly (?=\{)", ""), (r"\ba low (?=\{)", ""), (r"\blow (?=\{)", "high "), (r"\byet\b", "and"), (r"\bbut\b",
    "and"),
    (r"\b(?:even )?(?:though|although)\b", "and"), (r"\bdespite\b", "like"), (r"\bDespite\b", "Like"), (r"\bstill ",
    ""),
    (r"\bspoke against\b", "spoke for"), (r"\bspeaks against\b", "speaks for"), (r"\b[Aa]gainst\b", "beside"),
    (r"\bOnly \b", ""), (r"\bA low \b", "A "), (r"\b[Ll]ukewarm\b", "good"), (r"\binstead\b", "too"),
    (r"\brather than\b", "like"),
    (r"\bless\b", "more"), (r"\beven\b", "also"), (r"\bonly\b", "also"), (r"\blow\b", "high"), (r"\bThough\b", "And"),
    (r"\bYet\b", "And"),
)  # fmt: skip


def slots_exchanged(good: Good, rng: random.Random) -> Iterator[Case]:
    """Let two behaviours change places in the text, where an aspect is said of one that the other lacks."""
    cited = {b.slot: b for b in good.evidence.behaviours}
    phrases = owned(good.text, good.evidence.aspects)
    pairs = [
        (slot, other.slot)
        for phrase in phrases
        for slot in phrase.slots
        for other in cited.values()
        if other.slot not in phrase.slots and phrase.aspect not in other.aspects
    ]
    if pairs:
        first, second = (slot[1:] for slot in rng.choice(pairs))
        numbers = {first: second, second: first}
        text = _SLOT.sub(lambda m: f"{{{m[1]}{numbers.get(m[2], m[2])}{m[3]}}}", good.text)
        yield from said(good, text, f"b{first} and b{second} exchanged")
        only = re.sub(r"\{b(\d)\}", lambda m: f"{{b{numbers.get(m[1], m[1])}}}", good.text)
        yield from said(good, only, f"names of b{first} and b{second} exchanged")


def aspect_of_another(good: Good, _: random.Random) -> Iterator[Case]:
    """Write, where an aspect is said of a behaviour, an aspect that only another behaviour has."""
    cited = {b.slot: b for b in good.evidence.behaviours}
    for phrase in owned(good.text, good.evidence.aspects):
        for aspect in good.evidence.aspects:
            if any(slot in cited and aspect not in cited[slot].aspects for slot in phrase.slots):
                text = good.text[: phrase.start] + aspect + good.text[phrase.end :]
                yield from said(good, text, f"{aspect} of {', '.join(phrase.slots)}")


def aspect_of_neither(good: Good, rng: random.Random) -> Iterator[Case]:
    """Write an aspect that nothing here has."""
    phrases = owned(good.text, good.evidence.aspects)
    other = rng.choice([a for a in (*COUNTED, *MASS) if a not in good.evidence.aspects])
    if phrases:
        phrase = rng.choice(phrases)
        yield from said(good, good.text[: phrase.start] + other + good.text[phrase.end :], f"{other} of {phrase.slots}")
    yield from said(good, f"{good.text[:-1]}, and {other} is in it{good.text[-1]}", f"{other} besides")


def negated(good: Good, rng: random.Random) -> Iterator[Case]:
    """Put a negation before or behind a verb."""
    for pattern, ways in _NEGATED:
        places = list(re.finditer(pattern, good.text))
        if places:
            place, way = rng.choice(places), rng.choice(ways)
            text = good.text[: place.start()] + way.format(place[1]) + good.text[place.end() :]
            yield from said(good, text, f"{way.format(place[1])!r}")


def turned(good: Good, rng: random.Random) -> Iterator[Case]:
    """Tell a good rating or a like as a bad one."""
    if any(b.polarity is Polarity.NEGATIVE for b in good.evidence.behaviours):
        return
    for pattern, others in _OPPOSITE:
        places = [m for m in re.finditer(pattern, good.text) if m[0] != "like"]
        if places:
            place = rng.choice(places)
            slot = re.search(r"\{b\d\}", place[0])
            other = rng.choice(others).format(slot[0] if slot else "")
            yield from said(good, good.text[: place.start()] + other + good.text[place.end() :], f"{other!r}")


def praised(good: Good, _: random.Random) -> Iterator[Case]:
    """Tell a low rating as if it spoke for the item: every word goes that told it as what it is."""
    low = [b.slot for b in good.evidence.behaviours if b.polarity is Polarity.NEGATIVE]
    if low and any(f"{{{slot}}}" in good.text for slot in low):
        text = good.text
        for pattern, other in _PRAISE:
            text = re.sub(pattern, other, text)
        yield from said(good, text, "a low rating told as praise")


def done_to_the_item(good: Good, rng: random.Random) -> Iterator[Case]:
    """Write {item} where the reader did something to a behaviour, or beside it."""
    verbs = "gave|rated|liked|watched|bought|reviewed|read|opened|followed|saw|viewed"
    acts = rf"\b(?:[Yy]ou|customer|[Tt]hey) (?:{verbs})(?: to)? "
    places = list(re.finditer(acts + r"(?P<slot>\{b\d\})(?P<after>.?)", good.text))
    if not places:
        return
    place = rng.choice(places)
    start, end = place.span("slot")
    yield from said(good, f"{good.text[:start]}{{item}}{good.text[end:]}", "done to the item")
    if place["after"] in {",", ".", ";", ":", "?"}:
        joined = rng.choice(
            (f"{place['slot']} and {{item}}", f"{{item}} and {place['slot']}", f"{place['slot']}, {{item}}")
        )
        yield from said(good, f"{good.text[:start]}{joined}{good.text[end:]}", f"done to {joined}")


def people_as_reader(good: Good, rng: random.Random) -> Iterator[Case]:
    """Say of the reader what people did, or of people what was counted the other way round."""
    acted = list(
        re.finditer(r"\b(also )?(liked|watched|bought|read|opened|followed|reviewed|rated) (\{item\}|it)", good.text)
    )
    if "{co" in good.text and acted:
        place = rng.choice(acted)
        who = "you" if good.style.is_customer else "this customer"
        yield from said(
            good, f"{good.text[: place.start()]}and {who} {place[0]}{good.text[place.end() :]}", f"{who} too"
        )
    counted = re.search(r"who (\w+(?: to)?) (\{b\d\}) (?:also |then )?(\w+(?: to)?) (\{item\})", good.text)
    if counted:
        slot, item = counted.span(2), counted.span(4)
        text = good.text[: slot[0]] + counted[4] + good.text[slot[1] : item[0]] + counted[2] + good.text[item[1] :]
        yield from said(good, text, "counted the other way round")
    others = [b.slot for b in good.evidence.behaviours if b.co_occurrence is None]
    about = re.search(r"who \w+(?: to)? (\{b\d\})", good.text)
    if about and others and "{co" in good.text:
        other = rng.choice(others)
        text = good.text[: about.start(1)] + f"{{{other}}}" + good.text[about.end(1) :]
        yield from said(good, text, f"counted of {other}")


def ordinals_exchanged(good: Good, _: random.Random) -> Iterator[Case]:
    """Write "the second" for "the first" and the other way round, where the two have other facts."""
    if len(re.findall(r"\bthe first\b", good.text)) != 1 or len(re.findall(r"\bthe second\b", good.text)) != 1:
        return
    facts = [(b.kind, b.aspects, b.co_occurrence is None, b.close) for b in good.evidence.behaviours]
    if len(facts) == len(set(facts)):
        text = good.text.replace("the first", "\0").replace("the second", "the first").replace("\0", "the second")
        yield from said(good, text, "first and second exchanged")
