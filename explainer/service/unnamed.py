"""What a customer sees of behaviours that tell of their private life: one sum, and no name, number or id of any.

Whoever looks over a customer's shoulder must not learn from an explanation what it is that they did, nor how much of
it, nor of which kind. That it moved the ranking is said all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from explainer.service.masking import as_one, counterfactual_as_one, ids_as_one, with_text, without_merged
from explainer.view import ExplanationView

NOT_SHOWN: Mapping[str, str] = {"en": "an interest you have chosen not to show", "zh": "您选择不显示的一项兴趣"}
NO_TEXT: Mapping[str, str] = {
    "en": "Recommended because of an interest you have chosen not to show.",
    "zh": "因您选择不显示的一项兴趣而推荐。",
}


def words_in(words: Mapping[str, str], locale: str) -> str:
    """Return the words of a language, English where there are none."""
    return words.get(locale, words["en"])


def private_share(contributions: Mapping[str, float], private: Collection[str]) -> float:
    """Return what private behaviours did, as a share of all support; negative if they spoke against the item."""
    support = sum(value for value in contributions.values() if value > 0)
    hidden = sum(value for key, value in contributions.items() if key in private)
    return hidden / support if support > 0 else 0.0


def for_customer(view: ExplanationView, private: Collection[str]) -> ExplanationView:
    """Return the explanation with all private behaviours as one, under the name "•••"; its text, if it rests on one.

    Args:
        view: As stored.
        private: Ids of the behaviours that are private, now or by the record itself.
    """
    shown = [cited for cited in view.evidence if cited.behaviour_id not in private]
    found = view.counterfactual
    is_whole = len(shown) == len(view.evidence)
    return replace(
        view if is_whole else with_text(view, words_in(NO_TEXT, view.locale)),
        evidence=[without_merged(cited, private) for cited in shown],
        contributions=as_one(view.contributions, private),
        order=ids_as_one(view.order, private),
        counterfactual=None if found is None else counterfactual_as_one(found, private),
    )
