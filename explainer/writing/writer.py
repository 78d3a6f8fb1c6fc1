"""Evidence → text: prompt, cached draft or engine, gate, one more try, else the fallback."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from explainer.errors import EngineUnavailable
from explainer.evidence import CitedBehaviour, Evidence, stable_choice
from explainer.writing.choice import PromptChoice
from explainer.writing.engines import Engine, Sampling
from explainer.writing.gate import Verdict, Vocabulary, as_written, check
from explainer.writing.prompts import VARIANTS, Prompt, PromptLibrary
from explainer.writing.slots import fill, slot_values

MODEL, TEMPLATE = "model", "template"
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its pedigree.

    Attributes:
        text: What a person reads.
        draft: The same with its slots.
        source: ``model`` or ``template``.
        prompt_hash: Hash of the canonical prompt, empty when none was made.
        prompt_version: Content hash of the templates.
        failures: What the gate held against drafts that were not used.
        cached: Whether the draft came from the cache.
    """

    text: str
    draft: str
    source: str
    prompt_hash: str
    prompt_version: str
    failures: tuple[str, ...] = ()
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One text to write. ``user`` only picks among wordings; it reaches no prompt."""

    evidence: Evidence
    user: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine made of one canonical prompt: a draft that passed the gate, or None and why not."""

    draft: str | None
    failures: tuple[str, ...] = ()


def openings_for(evidence: Evidence) -> tuple[str, ...]:
    """Return the ways a sentence about this evidence may open.

    Learnt from what the shipped adapter wrote for ML-100K: with a free opening, or with a list of behaviours of which
    only some share the aspect, drafts fail the gate twice as often; opening with a single behaviour that shares an
    aspect, they pass but read like a syllogism ("A is action, B is action, and …").
    """
    counted = any(b.co_occurrence for b in evidence.behaviours)
    several = len(evidence.behaviours) > 1
    behaviour_first = ("behaviour",) if (not counted if several else not evidence.aspects) else ()
    return ("you", "item", *behaviour_first, *(("people",) if counted else ()))


def can_be_prompted(behaviour: CitedBehaviour) -> bool:
    """Return whether a prompt can say what links the behaviour: of series and makers no adapter was taught to write."""
    return bool(behaviour.aspects or behaviour.co_occurrence or behaviour.close)


class DraftCache(Protocol):
    """Remembers outcomes by key."""

    def get(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the known outcomes among the keys."""
        ...

    def put(self, outcomes: dict[str, Outcome]) -> None:
        """Remember outcomes; a key that is there already stays as it is."""
        ...


class Writer:
    """Writes texts for evidence.

    Args:
        prompts: Knows the templates of each user; a library is everybody's.
        vocabulary: Returns the connective words of a locale.
        engine: Writes drafts; without one every text is the fallback.
        cache: Remembers outcomes across processes; without one nothing is remembered.
        sampling: How the engine draws words.
    """

    def __init__(
        self,
        prompts: PromptChoice,
        vocabulary: Callable[[str], Vocabulary],
        engine: Engine | None = None,
        cache: DraftCache | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        self.prompts = prompts
        self.engine = engine
        self._vocabulary = vocabulary
        self._cache = cache
        self._sampling = sampling or Sampling()

    def write(
        self,
        requests: Sequence[Request],
        *,
        locale: str = "en",
        audience: str = "customer",
        library: PromptLibrary | None = None,
    ) -> list[Written]:
        """Return one text per request, in order. Equal prompts are written once; failures end in the fallback.

        Args:
            requests: What to write.
            locale: Language of the texts.
            audience: Reader of the texts.
            library: The prompts, when the caller has chosen them already; else each user's own.
        """
        libraries = [library or self.prompts.for_user(request.user, locale, audience) for request in requests]
        prompts = [self._prompt(r, own, locale, audience) for r, own in zip(requests, libraries, strict=True)]
        asked = {p.hash: (p, r.evidence) for p, r in zip(prompts, requests, strict=True) if p is not None}
        known = self._known(asked)
        outcomes = known | self._ask({h: pair for h, pair in asked.items() if h not in known}, locale)
        return [
            self._finish(request, own, prompt, outcomes, locale, audience, known)
            for request, own, prompt in zip(requests, libraries, prompts, strict=True)
        ]

    def _prompt(self, request: Request, library: PromptLibrary, locale: str, audience: str) -> Prompt | None:
        evidence, engine = request.evidence, self.engine
        if engine is None or locale not in engine.locales or evidence.domain not in engine.domains:
            return None
        if not evidence.behaviours or not all(map(can_be_prompted, evidence.behaviours)):
            return None
        openings = openings_for(evidence)
        opening = openings[stable_choice(len(openings), request.user, evidence.item_id, "opening")]
        return library.prompt(evidence, opening, locale=locale, audience=audience)

    def _key(self, prompt_hash: str) -> str:
        engine = self.engine
        parts = (
            (prompt_hash, engine.name, engine.model_hash, engine.adapter_hash, repr(self._sampling)) if engine else ()
        )
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

    def _known(self, asked: dict[str, tuple[Prompt, Evidence]]) -> dict[str, Outcome]:
        if self._cache is None or not asked:
            return {}
        keys = {self._key(prompt_hash): prompt_hash for prompt_hash in asked}
        return {keys[key]: outcome for key, outcome in self._cache.get(list(keys)).items()}

    def _ask(self, asked: dict[str, tuple[Prompt, Evidence]], locale: str) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        open_prompts = dict(asked)
        engine = self.engine
        sampling = self._sampling
        for _ in range(_TRIES):
            if engine is None or not open_prompts:
                break
            try:
                drafts = engine.write([prompt for prompt, _ in open_prompts.values()], sampling)
            except EngineUnavailable as error:
                # Not remembered: the engine may be back for the next reader.
                return outcomes | {h: Outcome(None, (f"engine_unavailable: {error}",)) for h in open_prompts}
            for (prompt_hash, (_, evidence)), draft in zip(list(open_prompts.items()), drafts, strict=True):
                verdict = check(draft.text, evidence, self._vocabulary(locale))
                earlier = outcomes.get(prompt_hash, Outcome(None)).failures
                outcomes[prompt_hash] = Outcome(draft.text if verdict.passed else None, earlier + verdict.failures)
                if verdict.passed:
                    del open_prompts[prompt_hash]
            sampling = sampling.again()
        if self._cache is not None:
            self._cache.put({self._key(prompt_hash): outcome for prompt_hash, outcome in outcomes.items()})
        return outcomes

    def _finish(
        self,
        request: Request,
        library: PromptLibrary,
        prompt: Prompt | None,
        outcomes: dict[str, Outcome],
        locale: str,
        audience: str,
        known: dict[str, Outcome],
    ) -> Written:
        evidence = request.evidence
        values = slot_values(evidence, locale)
        version = library.version(locale, audience)
        outcome = outcomes[prompt.hash] if prompt is not None else Outcome(None)
        prompt_hash = prompt.hash if prompt is not None else ""
        failures = outcome.failures
        if outcome.draft is not None:
            # Checked again, also from the cache: the rules may be stricter than when it was stored.
            verdict: Verdict = check(outcome.draft, evidence, self._vocabulary(locale))
            if verdict.passed:
                draft = as_written(outcome.draft, evidence.aspects)
                text = fill(draft, values)
                return Written(text, draft, MODEL, prompt_hash, version, failures, prompt_hash in known)
            failures += verdict.failures
        variant = stable_choice(VARIANTS, request.user, evidence.item_id, "fallback")
        draft = library.fallback(evidence, variant, locale=locale, audience=audience)
        return Written(fill(draft, values), draft, TEMPLATE, prompt_hash, version, failures, prompt_hash in known)
