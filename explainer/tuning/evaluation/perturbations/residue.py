"""What a model was told, said back: lines of the prompt in the text."""

from __future__ import annotations

import random
from collections.abc import Iterator

from explainer.tuning.evaluation.perturbations.base import Case, Change, Good, said
from explainer.writing.prompts import PromptLibrary


def echoes(prompts: PromptLibrary) -> Change:
    """Return the change that puts the instruction, all facts, or one line of them before or behind the text."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        prompt = prompts.prompt(good.evidence, "", good.style)
        lines = prompt.user.split("\n")
        told = [line for line in lines if line.startswith(("You", *good.evidence.aspects))]
        # What is told to staff is a report: a line of the facts may stand in it as it is.
        line = rng.choice([prompt.system, *(told if good.style.is_customer else ())])
        yield from said(good, f"{line}\n{good.text}", "a line of the prompt before")
        yield from said(good, f"{line.rstrip('.')}. {good.text}", "a line of the prompt as a sentence")
        yield from said(good, f"{good.text} {line.rstrip('.')}.", "a line of the prompt behind")
        if good.style.is_customer:
            yield from said(good, ". ".join(lines) + ".", "the facts instead of a text")
        yield from said(good, prompt.user, "the prompt instead of a text")

    return change
