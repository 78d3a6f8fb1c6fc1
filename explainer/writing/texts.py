"""What is asked of a writer and what comes back; what an engine made of a prompt, and who remembers it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from explainer.evidence import Evidence

MODEL, TEMPLATE = "model", "template"


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its pedigree.

    Attributes:
        text: What a person reads.
        draft: The same with its slots.
        slots: What was put into them.
        source: ``model`` or ``template``.
        prompt_hash: Hash of the canonical prompt, empty when none was made.
        prompt_version: Content hash of the templates.
        failures: What the gate held against drafts that were not used.
        cached: Whether the draft came from the cache.
        drafts: How many drafts were written for it, or are remembered: 1, 2 after a second try, 0 without an engine.
        unfinished: Whether the engine might still write one: it was not asked, or could not answer.
    """

    text: str
    draft: str
    slots: dict[str, str]
    source: str
    prompt_hash: str
    prompt_version: str
    failures: tuple[str, ...] = ()
    cached: bool = False
    drafts: int = 0
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One text to write. ``user`` only picks among wordings; it reaches no prompt."""

    evidence: Evidence
    user: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine made of one canonical prompt.

    Attributes:
        draft: The draft that passed the gate, as the engine wrote it; None where none did.
        failures: What the gate held against the others.
        tries: Drafts written.
    """

    draft: str | None
    failures: tuple[str, ...] = ()
    tries: int = 0


class DraftCache(Protocol):
    """Remembers outcomes by key."""

    def get(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the known outcomes among the keys."""
        ...

    def put(self, outcomes: dict[str, Outcome]) -> None:
        """Remember outcomes; a key that is there already stays as it is."""
        ...


LOST = "engine_unavailable"
"""The failure of prompts for which the engine could not write; what it said stands behind a colon."""
WITHDRAWN = "withdrawn"
"""The failure of prompts whose draft a person found wrong or offensive, or suppressed."""


def withdrawals(prompt_hashes: Collection[str]) -> dict[str, Outcome]:
    """Return what to remember so that no draft of these prompts is used any more, by key.

    It stands beside whatever engines made of them and comes before it: what was written stays on record, and going back
    to an earlier adapter brings no draft back.
    """
    return {withdrawal_key(one): Outcome(None, (WITHDRAWN,)) for one in prompt_hashes}


def withdrawal_key(prompt_hash: str) -> str:
    """Return the key in the draft cache that says that a prompt's drafts are withdrawn."""
    return hashlib.sha256(f"{WITHDRAWN}\x00{prompt_hash}".encode()).hexdigest()
