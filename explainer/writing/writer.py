"""Evidence → text: prompt, cached draft or engine, gate, one more try, else the fallback."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from explainer.errors import EngineUnavailable
from explainer.evidence import Evidence, stable_choice
from explainer.evidence.firewall import PrivateWords, shipped_words
from explainer.tracing import step
from explainer.writing.choice import PromptChoice
from explainer.writing.cues import CueTable
from explainer.writing.engines import Engine, Sampling
from explainer.writing.gate import Verdict, Vocabulary, review
from explainer.writing.plans import Asked, Drafts, Plan, asked_of
from explainer.writing.prompts import VARIANTS, Prompt, PromptLibrary
from explainer.writing.slots import fill, slot_values
from explainer.writing.style import Style
from explainer.writing.texts import LOST, MODEL, TEMPLATE, DraftCache, Outcome, Request, Written, withdrawal_key

_TRIES = 2


@dataclass(frozen=True, slots=True)
class WritingPolicy:
    """How much texts about equal facts may differ.

    Attributes:
        drafts: Drafts per canonical facts, each begun otherwise; a reader is given the same one every time.
        sampling: How the engine draws words.
    """

    drafts: int = 8
    sampling: Sampling = field(default_factory=Sampling)


class Writer:
    """Writes texts for evidence.

    Args:
        prompts: Knows the templates of each user; a library is everybody's.
        vocabulary: Returns the connective words for a reader: (locale, audience).
        engine: Writes drafts; without one every text is the fallback.
        cache: Remembers outcomes across processes; without one nothing is remembered.
        cues: How texts may begin; without them the engine begins as it likes.
        policy: Variety and sampling.
        private_words: What no text says; the shipped terms by default.

    Attributes:
        prompts: As given,
        engine: and this,
        cues: and these; empty where there are none.
    """

    def __init__(
        self,
        prompts: PromptChoice,
        vocabulary: Callable[[str, str], Vocabulary],
        engine: Engine | None = None,
        cache: DraftCache | None = None,
        cues: CueTable | None = None,
        policy: WritingPolicy | None = None,
        private_words: PrivateWords | None = None,
    ) -> None:
        self.prompts = prompts
        self.engine = engine
        self._vocabulary = vocabulary
        self._cache = cache
        self.cues = cues or CueTable({})
        self._policy = policy or WritingPolicy()
        self._private_words = private_words or shipped_words()

    def forgetful(self) -> Writer:
        """Return the same writer for a trial of its engine: whatever it is asked for, the engine writes.

        It remembers nothing and knows the shipped private words alone: nobody reads what it writes, and an operator's
        may be among the samples.
        """
        return Writer(self.prompts, self._vocabulary, self.engine, None, self.cues, self._policy)

    @step("write")
    def write(
        self,
        requests: Sequence[Request],
        style: Style | None = None,
        library: PromptLibrary | None = None,
        *,
        ask: bool = True,
    ) -> list[Written]:
        """Return one text per request, in order. Equal prompts are written once; failures end in the fallback.

        Args:
            requests: What to write.
            style: Reader and language; a customer in English by default.
            library: The prompts, when the caller has chosen them already; else each user's own.
            ask: Whether to wait for the engine; else a text whose draft is not at hand is the fallback, unfinished.
        """
        style = style or Style()
        libraries = [library or self.prompts.for_user(request.user, style) for request in requests]
        plans = [self.plan(request, own, style) for request, own in zip(requests, libraries, strict=True)]
        drafts = self.drafts(plans, style, ask=ask)
        return [self.finish(plan, own, style, drafts) for plan, own in zip(plans, libraries, strict=True)]

    def prompts_of(self, requests: Sequence[Request], style: Style | None = None) -> list[Prompt]:
        """Return the different canonical prompts that these requests lead to."""
        style = style or Style()
        plans = (self.plan(request, self.prompts.for_user(request.user, style), style) for request in requests)
        return [one.prompt for one in asked_of(plans).values()]

    def plan(self, request: Request, library: PromptLibrary, style: Style) -> Plan:
        """Return how a text is to be written with these prompts; depends on nothing but what is given."""
        engine = self.engine
        if request.evidence.kept_out or request.evidence.withheld:
            return Plan(request, None)  # no model was taught to say what the reader has chosen
        if engine is None or style.locale not in engine.locales or request.evidence.domain not in engine.domains:
            return Plan(request, None)
        facts = told_facts(request, style)
        cues = self.cues.fitting(facts, style)
        if self.cues and not cues:
            return Plan(request, None)  # facts of a kind that the adapter never learnt to tell
        first, second = self._two_cues(request, cues, library.prompt(facts, "", style))
        return Plan(request, Asked(library.prompt(facts, first, style), library.prompt(facts, second, style), facts))

    def drafts(self, plans: Sequence[Plan], style: Style, *, ask: bool = True) -> Drafts:
        """Return what is remembered of these plans' prompts, and what the engine makes of the others, each once.

        Args:
            plans: What is to be written.
            style: Reader and language.
            ask: Whether to wait for the engine; else it is not asked.
        """
        asked = asked_of(plans)
        known = self._known(asked)
        new = {key: one for key, one in asked.items() if key not in known}
        return Drafts(known | self._ask(new, style) if ask else known, frozenset(known))

    def _two_cues(self, request: Request, cues: Sequence[str], canonical: Prompt) -> tuple[str, str]:
        """Return the cues of this reader's tries: of a few for these facts, which are not everybody's few."""
        if not cues:
            return "", ""
        first = stable_choice(len(cues), canonical.hash, "first cue")
        turn = stable_choice(min(self._policy.drafts, len(cues)), request.user, request.evidence.item_id, "cue")
        return cues[(first + turn) % len(cues)], cues[(first + turn + 1) % len(cues)]

    def _key(self, prompt_hash: str) -> str:
        engine, sampling = self.engine, self._policy.sampling
        parts = (prompt_hash, engine.name, engine.model_hash, engine.adapter_hash, repr(sampling)) if engine else ()
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

    def _known(self, asked: dict[str, Asked]) -> dict[str, Outcome]:
        if self._cache is None or not asked:
            return {}
        keys = {self._key(prompt_hash): prompt_hash for prompt_hash in asked}
        withdrawn = {withdrawal_key(prompt_hash): prompt_hash for prompt_hash in asked}
        found = self._cache.get([*keys, *withdrawn])
        known = {keys[key]: outcome for key, outcome in found.items() if key in keys}
        return known | {withdrawn[key]: outcome for key, outcome in found.items() if key in withdrawn}

    def _ask(self, asked: dict[str, Asked], style: Style) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        still_open = dict(asked)
        engine = self.engine
        sampling = self._policy.sampling
        self._foresee(asked, sampling.again())
        for attempt in range(_TRIES):
            if engine is None or not still_open:
                break
            prompts = [one.again if attempt else one.prompt for one in still_open.values()]
            try:
                drafts = engine.write(prompts, sampling)
            except EngineUnavailable as error:
                # Not remembered: the engine may be back for the next reader.
                self._remember({key: outcome for key, outcome in outcomes.items() if key not in still_open})
                lost = f"{LOST}: {error}"
                return outcomes | {key: _lost(outcomes.get(key, Outcome(None)), lost) for key in still_open}
            for (key, one), draft in zip(list(still_open.items()), drafts, strict=True):
                _, verdict = self._review(draft.text, one.facts, style)
                earlier = outcomes.get(key, Outcome(None))
                kept = draft.text if verdict.passed else None
                outcomes[key] = Outcome(kept, earlier.failures + verdict.failures, earlier.tries + 1)
                if verdict.passed:
                    del still_open[key]
            sampling = sampling.again()
        self._remember(outcomes)
        return outcomes

    def _foresee(self, asked: dict[str, Asked], sampling: Sampling) -> None:
        """Tell an engine that can write ahead how the second try will be; of one text, as of many most pass at once."""
        foresee = getattr(self.engine, "foresee", None)
        if foresee is not None and len(asked) == 1:
            (one,) = asked.values()
            foresee(one.prompt, one.again, sampling)

    def _remember(self, outcomes: dict[str, Outcome]) -> None:
        if self._cache is not None and outcomes:
            self._cache.put({self._key(prompt_hash): outcome for prompt_hash, outcome in outcomes.items()})

    def _review(self, draft: str, facts: Evidence, style: Style) -> tuple[str, Verdict]:
        vocabulary = self._vocabulary(style.locale, style.audience)
        return review(draft, facts, vocabulary, style, self._private_words)

    def finish(self, plan: Plan, library: PromptLibrary, style: Style, drafts: Drafts) -> Written:
        """Return the text of a plan: its draft with the slots filled if it passes the gate, else the fallback.

        Args:
            plan: What is to be written.
            library: The prompts that it was made with.
            style: Reader and language.
            drafts: Has the plan's; without it the text is unfinished.
        """
        request, asked = plan.request, plan.asked
        prompt_hash = plan.prompt_hash
        outcome = drafts.outcomes.get(prompt_hash, Outcome(None))
        draft, source, failures = None, TEMPLATE, outcome.failures
        if asked is not None and outcome.draft is not None:
            # Checked for these very names, and also from the cache: rules may be stricter than when it was stored.
            text, verdict = self._review(outcome.draft, asked.facts, style)
            if verdict.passed:
                draft, source = text, MODEL
            failures += verdict.failures
        if draft is None:
            draft = fallback_draft(request, library, style)
        writer = self.engine.name if source == MODEL and self.engine else TEMPLATE
        values = slot_values(request.evidence, style, writer)
        return Written(
            text=fill(draft, values),
            draft=draft,
            slots=values,
            source=source,
            prompt_hash=prompt_hash,
            prompt_version=library.version(style),
            failures=failures,
            cached=prompt_hash in drafts.known,
            drafts=outcome.tries,
            unfinished=asked is not None and (prompt_hash not in drafts.outcomes or is_lost(outcome)),
        )


def _lost(outcome: Outcome, failure: str) -> Outcome:
    return Outcome(None, (*outcome.failures, failure), outcome.tries)


def is_lost(outcome: Outcome) -> bool:
    """Return whether the engine could not write; it may be back for the next reader."""
    return any(failure.startswith(LOST) for failure in outcome.failures)


def told_facts(request: Request, style: Style) -> Evidence:
    """Return the evidence as the prompt tells it.

    To customers a text says why an item is here, not what spoke against it: as the templates do, it leaves low ratings
    out. When something was done is told of one act, to every second reader: two acts with their times are a list, and
    whether a time is known at all would double the prompts.
    """
    evidence = request.evidence
    if style.is_customer:
        evidence = replace(evidence, behaviours=evidence.causes)
    tells = style.is_customer and len(evidence.behaviours) == 1
    if tells and stable_choice(2, request.user, evidence.item_id, "when") == 0:
        return evidence
    return replace(evidence, now=None)


def fallback_draft(request: Request, library: PromptLibrary, style: Style) -> str:
    """Return the template's own draft; the same person is told of the same item in the same words every time."""
    return library.fallback(request.evidence, fallback_variant(request), style)


def fallback_variant(request: Request) -> int:
    """Return which of the template's phrasings this person reads of this item."""
    return stable_choice(VARIANTS, request.user, request.evidence.item_id, "fallback")
