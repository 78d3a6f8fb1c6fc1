"""Phrases of harmless words that together claim what no evidence holds: which is better, which came first, a plot.

Each pattern reads a sentence as :func:`~explainer.writing.gate.usage.spelled` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SWITCHED_OFF = r"(?:(?:you|they) have|(?:customer|reader) has) switched personal recommendations off"
EXCLUDED = (
    r"your whole history here is left out , as you have excluded it"
    r"|you have excluded your whole history here , so it is left out"
    r"|(?:they have|(?:customer|reader) has) excluded their whole history"
)
"""How it is said that a reader keeps us from using what they did; when it may be is the business of
:mod:`explainer.writing.gate.chosen`."""

_PATTERNS: dict[str, tuple[str, ...]] = {
    "praise_or_offer": (r"(?:first|one|last) of all(?! the)", r"the (?:only )?one to", r"\{item\} first"),
    # How much, how often and how long is nobody's knowledge.
    "comparison": (
        r"(?<!rather )than",
        r"\{item\} more(?! of)",
        r"even more",
        r"(?:a|an) better",
        r"as good",
        r"\{b(?:\.value)?\} again(?! in)",
        r"coming back",
        r"all of \{b\}(?! , \{b\}| and)",
        r"like \{b\} in all",
        r"and more(?: [,;:.]|$)",
        r"(?:gave|rated|liked|read|watched|bought|opened|reviewed) all @",
        r"\{item\} (?:is|was) worth \{b\.value\}",
        r"for (?:one|two|three|four)(?! more)",
    ),
    # Which came out first, and what is a part of what.
    "sequence": (
        r"(?:the|your|its) (?:second|third|last|first) @(?! of)",
        r"(?:first|second|third|last|other) part",
        r"part (?:one|two|three|four)",
        r"\{item\} came first",
        r"picks up where",
        r"came out(?! near the top)",
        r"came next after",
        r"and then (?:the )?(?:@ )?\{item\}",
        r"\{item\} (?:continues|completes|finishes|ends) (?:@ )?\{b\}",
    ),
    "plot": (r"the same (?:film|story|product|article|post|people|cast)(?! (?:shelf|section|aisle|tag|line))",),
    "compatibility": (
        r"works with",
        r"comes with (?:it|\{b\})",
        r"fits (?:it|\{b\})",
        r"as one (?:film|product|article|post|story)",
    ),
    # The facts are about this reader and these things, not about drama, about us, or about people at large.
    "generality": (
        r"you and \{item\}",
        r"your @ (?:all|got|are)",
        r"you keep to",
        r"you (?:came|come|went|go) to \{b\} for",
        r"\{b\} in @ (?:also )?(?:liked|rated|watched|bought|read|opened|reviewed|followed)",
        r"\{item\} and you",
        r"(?:so|as) (?:do we|we do)",
        r"(?<!what )(?:you|we|people) like(?! \{b\}| :)",
        r"what (?:people|they|others) like",
        r"@ (?:is|are) your kind",
        r"we (?:liked|read|rated|watched|bought|opened|reviewed|followed|saw)",
        r"(?:people|viewers|readers|fans|customers) (?:of|with|in|near|on) (?:the )?@ who",
        r"(?:maker|author) of \{item\}",
    ),
    # Where a small model's grammar breaks: the parts are true, the sentence is none.
    "grammar": (r"^from \{b\}(?: and \{b\}| , \{b\} and \{b\}) you (?:gave|rated|liked)", r"@ in between"),
    # Words that pass each by themselves and make no sentence that anybody would say.
    "stilted": (
        r"@ is what it is",
        r"(?:is|are) all of them",
        r"on the same page",
        r"on the @ section",
        r"belongs? to people",
        r"shares the titles of",
        r"you add",
        r"there is @(?: and @)*(?: ,)? like",
        r"with \{b\}(?: and \{b\})* you (?:gave|rated)",
        r"like \{b\} and an? @ with",
        r"as a customer",
        r"link is tagged",
        r"\{item\} is new here",
    ),
    "wish": (r"(?<!series )you (?:wanted|asked|ask|need|know)(?! \{b)",),
    # What a chatting model says around its answer, and the facts as the prompt lists them.
    "residue": (
        r"^you :",
        r"^(?:text|sentence|answer|sure) : (?!by \{writer\})",
        r"^@ : \{item\}(?: , \{b\})+$",
        r"^close (?:in|by) \w+ : \{item\} , \{b\}$",
        r"^the \{b\.series\} series : \{item\} , \{b\}$",
        r"^by \{b\.creator\} : \{item\}",
        r"here you go",
        r"is the text(?! of| by| from)",
    ),
}


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the first of them; where no word begins it tries none, which is most of a gate's time saved."""
    alternatives = "|".join(p if p[0] == "^" else rf"{p}(?!\S)" for p in patterns)
    return re.compile(rf"(?<!\S)(?:{alternatives})")


_COMPILED = {rule: _any_of(patterns) for rule, patterns in _PATTERNS.items()}


def misphrased(line: str) -> Iterator[str]:
    """Yield ``rule: phrase`` for every such phrase in a sentence."""
    for rule, pattern in _COMPILED.items():
        if (found := pattern.search(line)) is not None:
            yield f"{rule}: {found[0].strip()}"
