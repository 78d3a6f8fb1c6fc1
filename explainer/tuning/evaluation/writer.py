"""The writer on real evidence: how its drafts fare at the gate, how varied and how fast they are."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from explainer.evidence import stable_choice
from explainer.tuning.batches import prompt_of
from explainer.tuning.evaluation.measures import distinct, largest_share, quantile, shape, words
from explainer.tuning.evaluation.watched import MemoryCache, Watched
from explainer.tuning.examples import Example
from explainer.writing.cues import CueTable
from explainer.writing.engines import Engine, Sampling
from explainer.writing.gate import Vocabulary
from explainer.writing.names import shortened
from explainer.writing.prompts import VARIANTS, Prompt, PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import MODEL, TEMPLATE, Request, Written
from explainer.writing.writer import Writer
from retriever.encoder import TextEncoder

OnStage = Callable[[str, int, int], None]


class WriterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came out. Shares and rates are 0 to 1.

    Attributes:
        engine: Name of the engine.
        data: Name of the dataset.
        requests: Texts asked for.
        prompts: Different canonical prompts among them.
        first_pass: Share of the prompts whose first draft passes the gate.
        after_retry: Share of them with a draft that passes after at most one more try.
        fallback: Share of the texts that are template texts.
        failures_by_rule: How often each rule failed a draft.
        distinct_1: Different words over all words of the texts, slots unfilled.
        distinct_2: The same of pairs of words.
        distinct_3: The same of runs of three.
        fallback_distinct_2: The same of pairs, if every text were a template text.
        unique: Different sentences over different canonical prompts.
        largest_shape: Share of the texts that have the commonest shape (aspects and slot numbers aside).
        mean_words: Words and slots in a text.
        similarity_lift: How much nearer drafts for the corpus' test part are to their own references than to others',
            as cosine; None without a test part.
        texts_per_s: Drafts a second, all prompts in batches.
        tokens_per_s: Tokens a second of those.
        p50_ms: Time of one draft alone, median.
        p95_ms: The same, 95th percentile.
        cache_hit_rate: Share of the texts that found their draft written for another.
        all_s: Time for all texts together.
        per_pair_s: What they would take one by one, extrapolated from the drafts written alone.
    """

    engine: str
    data: str
    requests: int
    prompts: int
    first_pass: float
    after_retry: float
    fallback: float
    failures_by_rule: dict[str, int]
    distinct_1: float
    distinct_2: float
    distinct_3: float
    fallback_distinct_2: float
    unique: float
    largest_shape: float
    mean_words: float
    similarity_lift: float | None
    texts_per_s: float
    tokens_per_s: float
    p50_ms: float
    p95_ms: float
    cache_hit_rate: float
    all_s: float
    per_pair_s: float


@dataclass(frozen=True)
class Exam:
    """What a writer is examined with.

    Attributes:
        data: Name of the dataset.
        requests: Evidence of real users.
        references: The corpus' test part.
        alone: How many drafts are written one by one for the times.
        style: Reader and language.
    """

    data: str
    requests: Sequence[Request]
    references: Sequence[Example]
    alone: int = 40
    style: Style = field(default_factory=Style)


def examine(
    engine: Engine,
    cues: CueTable,
    vocabulary: Callable[[str, str], Vocabulary],
    exam: Exam,
    encoder: TextEncoder,
    count_tokens: Callable[[Sequence[str]], int],
    on_stage: OnStage,
) -> tuple[WriterReport, list[Written]]:
    """Let the writer write for all requests, measure, and return the report and the texts."""
    watched = Watched(engine, lambda done: on_stage("Writing", done, max(done, len(exam.requests))))
    library = PromptLibrary()
    writer = Writer(library, vocabulary, watched, MemoryCache(), cues)
    begun = time.perf_counter()
    written = writer.write(exam.requests, exam.style)
    all_s = time.perf_counter() - begun
    on_stage("Writing", len(exam.requests), len(exam.requests))
    # A name is a slot: whoever reads it, it is the same sentence.
    drafts = [shortened(text.draft, r.evidence) for text, r in zip(written, exam.requests, strict=True)]
    by_prompt: dict[str, list[tuple[Written, str]]] = {}
    for text, draft in zip(written, drafts, strict=True):
        if text.prompt_hash:
            by_prompt.setdefault(text.prompt_hash, []).append((text, draft))
    asked = writer.prompts_of(exam.requests, exam.style)
    seconds = _alone(engine, random.Random(0).sample(asked, min(exam.alone, len(asked))), on_stage)
    shapes = [shape(text.draft, r.evidence.aspects) for text, r in zip(written, exam.requests, strict=True)]
    rules = Counter(failure.split(":")[0] for texts in by_prompt.values() for failure in texts[0][0].failures)
    templates = [
        shortened(
            library.fallback(r.evidence, stable_choice(VARIANTS, r.user, r.evidence.item_id, "fallback"), exam.style),
            r.evidence,
        )
        for r in exam.requests
    ]
    # A draft must pass for everyone who is to read it, with their names in it.
    passed = [texts[0][0] for texts in by_prompt.values() if all(text.source == MODEL for text, _ in texts)]
    report = WriterReport(
        engine=engine.name,
        data=exam.data,
        requests=len(written),
        prompts=len(by_prompt),
        first_pass=_share(sum(text.drafts == 1 for text in passed), len(by_prompt)),
        after_retry=_share(len(passed), len(by_prompt)),
        fallback=_share(sum(text.source == TEMPLATE for text in written), len(written)),
        failures_by_rule=dict(rules.most_common()),
        distinct_1=distinct(drafts, 1),
        distinct_2=distinct(drafts, 2),
        distinct_3=distinct(drafts, 3),
        fallback_distinct_2=distinct(templates, 2),
        unique=_share(len({texts[0][1] for texts in by_prompt.values()}), len(by_prompt)),
        largest_shape=largest_share(shapes),
        mean_words=float(np.mean([len(words(draft)) for draft in drafts])) if drafts else 0.0,
        similarity_lift=_lift(engine, exam.references, library, encoder),
        texts_per_s=_share(len(watched.drafts), watched.seconds),
        tokens_per_s=_share(count_tokens(watched.drafts), watched.seconds),
        p50_ms=1000 * quantile(seconds, 0.5),
        p95_ms=1000 * quantile(seconds, 0.95),
        cache_hit_rate=1 - _share(len(by_prompt), len([text for text in written if text.prompt_hash])),
        all_s=all_s,
        per_pair_s=float(np.mean(seconds)) * len(written) if seconds else 0.0,
    )
    return report, written


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _alone(engine: Engine, prompts: Sequence[Prompt], on_stage: OnStage) -> list[float]:
    """Return the seconds of each draft written alone; what is made ready once is nobody's time."""
    seconds = []
    if prompts:
        engine.write(prompts[:1], Sampling())
    for number, prompt in enumerate(prompts, start=1):
        begun = time.perf_counter()
        engine.write([prompt], Sampling())
        seconds.append(time.perf_counter() - begun)
        on_stage("One by one", number, len(prompts))
    return seconds


def _lift(engine: Engine, references: Sequence[Example], prompts: PromptLibrary, encoder: TextEncoder) -> float | None:
    """Return the mean cosine of drafts with their own references, less that with references of other facts."""
    if len(references) < 2:  # noqa: PLR2004  with whom to shuffle
        return None
    drafts = engine.write([prompt_of(example, prompts) for example in references], Sampling())
    ours = encoder.encode([draft.text for draft in drafts])
    theirs = encoder.encode([example.text for example in references])
    cosines = ours @ theirs.T
    own = float(np.diagonal(cosines).mean())
    others = float((cosines.sum() - np.diagonal(cosines).sum()) / (cosines.size - len(cosines)))
    return own - others
