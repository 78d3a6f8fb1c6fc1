"""The merged model through transformers in bfloat16, its fastest precision here, and through OpenVINO: same prompts.

Both have the same threads (OMP_NUM_THREADS, or all cores). They run in turns, and each is warm before it is timed.
"""

from __future__ import annotations

import operator
import random
import time
from collections.abc import Sequence

from explainer.errors import ExplainerError
from explainer.loading import make_cues, make_engine
from explainer.paths import adapter_dir, corpus_dir
from explainer.settings import Settings
from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example, read_corpus
from explainer.writing.cues import CueTable
from explainer.writing.engines import Draft, Engine, Sampling
from explainer.writing.engines.transformers_peft import TransformersEngine
from explainer.writing.gate import review
from explainer.writing.prompts import Prompt, PromptLibrary
from explainer.writing.vocabularies import load_vocabulary

_BATCH = 64
_BATCHES = 8
_ALONE = 24


def asked(count: int, cues: CueTable) -> list[tuple[Prompt, Example]]:
    """Return different prompts for customers with their examples: the corpus's facts about other aspects, as served."""
    rng, library = random.Random(7), PromptLibrary()
    found: dict[str, tuple[Prompt, Example]] = {}
    examples = [example for example in read_corpus(corpus_dir("en")) if example.style.is_customer]
    while len(found) < count:
        example = augmented(rng.choice(examples), rng)
        prompt = library.prompt(
            example.evidence(), rng.choice(cues.fitting(example.evidence(), example.style) or ("",))
        )
        found[prompt.hash] = (prompt, example)
    return list(found.values())


def engines(settings: Settings) -> dict[str, float]:
    """Measure texts per second alone and in batches, and how first drafts fare at the gate."""
    fast = make_engine(settings.model_copy(update={"engine": "openvino"}))
    if fast is None:
        raise ExplainerError("There is no OpenVINO engine to measure.")
    slow = TransformersEngine(
        settings.base_model, settings.adapter or adapter_dir("en"), settings.cache, precision="bfloat16", batch=_BATCH
    )
    pairs = asked(_BATCH * _BATCHES, make_cues(settings))
    prompts = [prompt for prompt, _ in pairs]
    alone, drafts_alone = _race((slow, fast), [[prompt] for prompt in prompts[:_ALONE]])
    batched, drafts = _race((slow, fast), [prompts[start : start + _BATCH] for start in range(0, len(prompts), _BATCH)])
    same = [sum(map(operator.eq, one, many)) / _ALONE for one, many in zip(drafts_alone, drafts, strict=True)]
    passing = [_passing(written, [example for _, example in pairs]) for written in drafts]
    names = ("transformers_bfloat16", "openvino")
    rows = {"alone_texts_per_s": alone, "batch_of_64_texts_per_s": batched}
    rows |= {"first_drafts_passing": passing, "same_alone_and_in_batch": same}
    figures = {f"{name}_{key}": row[n] for key, row in rows.items() for n, name in enumerate(names)}
    return figures | {"alone_times": alone[1] / alone[0], "batch_of_64_times": batched[1] / batched[0]}


def _race(runners: tuple[Engine, Engine], parts: Sequence[Sequence[Prompt]]) -> tuple[list[float], list[list[Draft]]]:
    """Return texts per second and drafts of each; they take turns, so that a busy machine slows both."""
    seconds, drafts = [0.0 for _ in runners], [list[Draft]() for _ in runners]
    for engine in runners:
        engine.write(parts[0][:2], Sampling())
    for part in parts:
        for n, engine in enumerate(runners):
            start = time.perf_counter()
            drafts[n] += engine.write(part, Sampling())
            seconds[n] += time.perf_counter() - start
    return [sum(map(len, parts)) / spent for spent in seconds], drafts


def _passing(drafts: Sequence[Draft], asked_for: Sequence[Example]) -> float:
    vocabulary = load_vocabulary("en")
    pairs = zip(drafts, asked_for, strict=True)
    return sum(review(draft.text, e.evidence(), vocabulary)[1].passed for draft, e in pairs) / len(drafts)
