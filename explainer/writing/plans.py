"""What is asked of an engine for each text, and what came of it: plain data, so that it can go to another process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from explainer.evidence import Evidence
from explainer.writing.prompts import Prompt
from explainer.writing.texts import Outcome, Request


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine is asked.

    Attributes:
        prompt: The canonical prompt.
        again: The prompt of the second try: the same facts, to be begun otherwise where there is another cue.
        facts: What both tell of; the gate judges drafts by nothing else.
    """

    prompt: Prompt
    again: Prompt
    facts: Evidence


@dataclass(frozen=True, slots=True)
class Plan:
    """How one text is to be written: what the engine is asked, if it is."""

    request: Request
    asked: Asked | None

    @property
    def prompt_hash(self) -> str:
        """Hash of the canonical prompt; empty where the engine is asked nothing."""
        return "" if self.asked is None else self.asked.prompt.hash


@dataclass(frozen=True, slots=True)
class Drafts:
    """What is there of prompts.

    Attributes:
        outcomes: What an engine made of them, by the prompt's hash.
        known: Those that were remembered.
    """

    outcomes: Mapping[str, Outcome]
    known: frozenset[str] = frozenset()


def asked_of(plans: Iterable[Plan]) -> dict[str, Asked]:
    """Return what an engine is asked for these texts, each once, by the canonical prompt's hash."""
    return {plan.asked.prompt.hash: plan.asked for plan in plans if plan.asked is not None}
