"""The stage that writes, over many users: what their texts need, each distinct prompt once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from explainer.service.pregenerate.prepared import Batch
from explainer.writing.plans import Plan
from explainer.writing.style import Style
from explainer.writing.writer import Writer, is_lost

# Second tries are few: of fewer prompts they would be too few to keep the engine busy.
_PROMPTS_AT_ONCE = 512


def write(writer: Writer, plans: Iterable[Plan], style: Style, on_written: Callable[[int], None]) -> dict[str, str]:
    """Have each distinct prompt written once, some at a time: what is written is remembered, whatever comes then.

    Args:
        writer: With the engine.
        plans: What is to be written.
        style: Reader and language.
        on_written: Called with the number of prompts done since the last call.

    Returns:
        Why the engine could not write, by the prompt's hash.
    """
    lost: dict[str, str] = {}
    for some in _some_at_once(list({plan.prompt_hash: plan for plan in plans if plan.asked is not None}.values())):
        drafts = writer.drafts(some, style)
        lost |= {key: outcome.failures[-1] for key, outcome in drafts.outcomes.items() if is_lost(outcome)}
        on_written(len(some))
    return lost


def _some_at_once(plans: Sequence[Plan]) -> Iterator[Sequence[Plan]]:
    for start in range(0, len(plans), _PROMPTS_AT_ONCE):
        yield plans[start : start + _PROMPTS_AT_ONCE]


def told_of(batch: Batch, lost: Mapping[str, str]) -> Batch:
    """Return the batch with the reasons why what it needs could not be written."""
    needed = {plan.prompt_hash for plan in batch.plans}
    return replace(batch, lost={key: reason for key, reason in lost.items() if key in needed})
