"""What the inference worker allows, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the worker allows.

    Attributes:
        batch: Prompts written together at most.
        wait_s: Seconds that a batch waits for company.
        backlog: Prompts that may wait; who brings more is sent to the templates at once.
        stall_s: Seconds after which a batch under way counts as stuck, and nobody new is made to wait behind it.
    """

    batch: int = 32
    wait_s: float = 0.005
    backlog: int = 128
    stall_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Counters:
    """What the worker has done so far.

    Attributes:
        batches: Times the engine was asked.
        prompts: Prompts it was asked for.
        deduplicated: Prompts that somebody else had asked for already.
        failures: Prompts that the engine did not write.
        timeouts: Calls that ended at their deadline.
        abandoned: Calls whose caller went away.
        refused: Calls that found the backlog full, or the engine stuck.
        late: Drafts that nobody waited for any more; kept for the next who asks.
        seconds: Seconds that the engine took.
    """

    batches: int = 0
    prompts: int = 0
    deduplicated: int = 0
    failures: int = 0
    timeouts: int = 0
    abandoned: int = 0
    refused: int = 0
    late: int = 0
    seconds: float = 0.0

    @property
    def mean_batch(self) -> float:
        """Prompts per batch, 0 when there was none."""
        return self.prompts / self.batches if self.batches else 0.0
