"""What goes from stage to stage: plain data, so that it can go to another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from explainer.cases import Asking, Case
from explainer.rows import Stamp
from explainer.storage.dead_letters import Failed
from explainer.writing.plans import Plan
from explainer.writing.style import Style


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written for every user.

    Attributes:
        k: Length of the list, as it will be asked for: it is part of what a stored explanation is found by.
        style: Reader and language.
    """

    k: int = 10
    style: Style = field(default_factory=Style)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One user's list, all known of it but the words.

    Attributes:
        asking: Whose list.
        stamp: For whom, and by what.
        prompt_version: Version of the prompts.
        cases: The items that are still to be explained,
        plans: and how the text of each is to be written.
        shown: How many of the list are stored already, and still hold.
    """

    asking: Asking
    stamp: Stamp
    prompt_version: str
    cases: Sequence[Case]
    plans: Sequence[Plan]
    shown: int

    @property
    def user(self) -> str:
        """Whose list."""
        return self.asking.history.user


@dataclass(frozen=True, slots=True)
class Batch:
    """The lists of some users.

    Attributes:
        users: Whose lists were to be prepared.
        lists: Those that could be.
        failed: What could not.
        cpu_s: Processor seconds that went into it.
        unknown: How many of the users nothing is known of: they have no list.
        lost: Why the engine could not write, by the prompt's hash.
    """

    users: Sequence[str]
    lists: Sequence[Prepared]
    failed: Sequence[Failed]
    cpu_s: float
    unknown: int = 0
    lost: Mapping[str, str] = field(default_factory=dict)

    @property
    def plans(self) -> list[Plan]:
        """Every text to be written."""
        return [plan for one in self.lists for plan in one.plans]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch.

    Attributes:
        users: How many,
        unknown: and of how many of them nothing is known.
        sources: Explanations that were stored now, by who wrote the text.
        unchanged: Explanations that were there, or came meanwhile, or must not be any more.
        prompts: Hash of the prompt of each text that the engine was to write.
        failed: What could not be done.
        cpu_s: Processor seconds that went into it.
    """

    users: int
    unknown: int
    sources: Mapping[str, int]
    unchanged: int
    prompts: Sequence[str]
    failed: Sequence[Failed]
    cpu_s: float
