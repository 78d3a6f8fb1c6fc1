"""What readers have chosen: it is said when it is so, and only then, and nothing else is said of them.

That goes for an interest which they have chosen not to show, too. Whoever switched personal recommendations off, or
excluded all that they did, must not read of their taste, nor that they are new; and whoever did not, must not read that
they did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.phrases import EXCLUDED, SWITCHED_OFF
from explainer.writing.gate.tokens import WITHHELD, Token, sentences
from explainer.writing.gate.usage import spelled
from explainer.writing.gate.words import READER

_OFF, _OUT, _HIDDEN = (
    re.compile(rf"(?<!\S)(?:{phrase})(?!\S)") for phrase in (SWITCHED_OFF, EXCLUDED, WITHHELD.pattern)
)
_UNUSED = re.compile(r"(?<!\S)(?:left out|general list)(?!\S)")


def mischosen(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for a choice that is not the reader's, or is not said; and for what else is said of them."""
    lines = [spelled(sentence) for sentence in sentences(tokens)]
    for what, phrase, chosen in (
        ("switched off", _OFF, evidence.switched_off),
        ("excluded", _OUT, evidence.all_excluded),
        ("withheld", _HIDDEN, evidence.withheld),
    ):
        said = any(phrase.search(line) for line in lines)
        if said is not chosen:
            yield f"unsaid: {what}" if chosen else f"unfounded_claim: {what}"
    if not evidence.kept_out:
        found = next((found for line in lines if (found := _UNUSED.search(line))), None)
        if found is not None:
            yield f"unfounded_claim: {found[0]}"
        return
    besides = {word for line in lines for word in _OUT.sub("", _OFF.sub("", line)).split()} & READER
    if besides:
        yield f"unfounded_claim: {min(besides)}"
