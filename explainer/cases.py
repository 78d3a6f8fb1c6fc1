"""One recommendation with all that is known of it before a word is written; and what would have changed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec

from explainer.attribution import Attribution, Attributor
from explainer.attribution.counterfactual import Counterfactual, CounterfactualSearch
from explainer.attribution.defaults import served_before
from explainer.attribution.deletion_test import DeletionTest, DeletionVerdict
from explainer.errors import ConflictError
from explainer.evidence import Evidence, EvidenceBuilder, Standing
from explainer.tracing import step
from explainer.writing.style import Style
from retriever.data import History, Item
from retriever.recommenders.base import Recommender
from retriever.recommenders.scored_once import scored_once
from retriever.retrieve import Recommendation, met_items, rank_of, recommend
from retriever.threads import one_thread


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose list is explained.

    Attributes:
        history: What they did.
        k: Length of their list; None where no counterfactual is wanted.
        hidden: Aspects that must not be cited to them.
        set_aside: Ids of the behaviours that the history has set aside, at their wish.
        switched_off: Whether these are all, since they have switched personal recommendations off.
        private: Behaviours that tell of their private life and are no evidence, by id, each with its categories; None
            where nobody has judged their items, and words in their aspects decide.
    """

    history: History
    k: int | None
    hidden: Collection[str] = ()
    set_aside: Collection[str] = ()
    switched_off: bool = False
    private: Mapping[str, Sequence[str]] | None = None

    def record(self) -> dict[str, Any]:
        """Return what is kept of it with an explanation, as plain JSON data."""
        return {
            "k": self.k,
            "hidden": sorted(self.hidden),
            "set_aside": sorted(self.set_aside),
            "switched_off": self.switched_off,
            **(
                {} if self.private is None else {"private": {key: [*self.private[key]] for key in sorted(self.private)}}
            ),
        }


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known about one explanation before it is written.

    Attributes:
        target: The recommended item.
        attribution: What each behaviour contributed.
        evidence: The facts that a text may use.
        verdict: What deleting the cited behaviours does; None where none is cited.
    """

    target: Recommendation
    attribution: Attribution
    evidence: Evidence
    verdict: DeletionVerdict | None


class CaseMaker:
    """Makes cases.

    Args:
        recommender: What ranked the items.
        attributor: Computes contributions.
        evidence: Finds the facts.
        test: Decides whether "because" may be said.
        search: Finds counterfactuals.
        turn: Held while something is computed that an answer waits for.
    """

    def __init__(
        self,
        recommender: Recommender,
        attributor: Attributor,
        evidence: EvidenceBuilder,
        test: DeletionTest | None = None,
        search: CounterfactualSearch | None = None,
        turn: Lock | None = None,
    ) -> None:
        self.recommender = recommender
        self._attributor = attributor
        self._evidence = evidence
        self._test = test or DeletionTest()
        self._search = search or CounterfactualSearch()
        # Thousands of small products, each of which lets go of the interpreter for a moment: two threads at it at once
        # spend a third of their time on handing it over. One after the other, both are done sooner.
        self._turn = turn or Lock()

    def once(self) -> CaseMaker:
        """Return a maker of cases that scores each history once; for one list in one thread, and to be thrown away."""
        once = scored_once(self.recommender)
        return CaseMaker(once, self._attributor, self._evidence, self._test, self._search, self._turn)

    def by(self, method: str) -> CaseMaker:
        """Return a maker of cases by a method that served before, as a record names it; else itself."""
        attributor = None if method == self._attributor.method else served_before(method)
        if attributor is None:
            return self
        return CaseMaker(self.recommender, attributor, self._evidence, self._test, self._search, self._turn)

    @step("rank")
    def best(self, history: History, k: int) -> list[Recommendation]:
        """Return the k best unmet items."""
        with one_thread(), self._turn:
            return recommend(self.recommender, history, k)

    @step("rank")
    def standing(self, history: History, item: Item) -> Recommendation:
        """Return an item with its rank.

        Raises:
            UnknownItemError: If the recommender knows no such item.
            ConflictError: If the user has met it already: it would never be recommended.
        """
        catalogue = self.recommender.catalogue
        with one_thread(), self._turn:
            met = met_items(self.recommender, history)
            if met[catalogue.position(item.id)]:
                raise ConflictError(
                    "The user has met this item, or one of these, already, so it is not recommended to them; leave it "
                    "out. What they have met: GET /v1/users/{user}/behaviours"
                )
            rank, score = rank_of(self.recommender, history, item.id, met)
        return Recommendation(item, rank, score, catalogue.is_cold(item.id))

    def attribution(self, history: History, item: str) -> Attribution:
        """Return what each behaviour contributes to the item's score."""
        with one_thread():
            return self._attributor.attribute(self.recommender, history, item)

    @step("attribute")
    def case(self, asking: Asking, target: Recommendation, style: Style) -> Case:
        """Return the case of one item.

        Args:
            asking: Whose list.
            target: The item.
            style: Who is to read of it: customers are told of no ranks, and none is looked for.
        """
        with one_thread(), self._turn:
            return self._case(scored_once(self.recommender), asking, target, style)

    def _case(self, recommender: Recommender, asking: Asking, target: Recommendation, style: Style) -> Case:
        history, item = asking.history, target.item.id
        attribution = self._attributor.attribute(recommender, history, item)
        private = asking.private
        evidence = self._evidence.build(
            history, attribution, asking.hidden, switched_off=asking.switched_off, private=private
        )
        verdict = None
        cited = {behaviour.behaviour_id for behaviour in evidence.causes}
        if cited:
            places = [place for place, behaviour in enumerate(history.behaviours) if behaviour.id in cited]
            verdict = self._test.judge(recommender, history, item, places)
            evidence = msgspec.structs.replace(evidence, causal=verdict.causal)
        if not style.is_customer:
            standing = self._standing(recommender, asking, target, attribution, evidence)
            evidence = msgspec.structs.replace(evidence, standing=standing)
        return Case(target, attribution, evidence, verdict)

    def _standing(
        self,
        recommender: Recommender,
        asking: Asking,
        target: Recommendation,
        attribution: Attribution,
        evidence: Evidence,
    ) -> Standing:
        met = met_items(recommender, asking.history)
        without = None
        if evidence.causes:
            shortened = asking.history.set_aside({behaviour.behaviour_id for behaviour in evidence.causes})
            # What is set aside was met all the same.
            without, _ = rank_of(recommender, shortened, target.item.id, met)
        return Standing(
            rank=target.rank,
            of=int(len(met) - met.sum()),
            model=recommender.name,
            method=attribution.method,
            rest=max(0.0, 1.0 - sum(behaviour.share for behaviour in evidence.causes)),
            without=without,
        )

    @step("counterfactual")
    def counterfactual(self, asking: Asking, item: str, rank: int) -> Counterfactual | None:
        """Return the smallest set without which the item leaves the list; None where it is not in the list.

        It takes about as long as everything else about a case, and few ask for it.
        """
        if asking.k is None or rank > asking.k or not len(asking.history):
            return None
        with one_thread():
            return self._search.find(scored_once(self.recommender), asking.history, item, asking.k)
