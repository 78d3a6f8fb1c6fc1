"""What a customer sees of behaviours that tell of their private life: one sum, and no name, number or id of any.

Whoever looks over a customer's shoulder must not learn from an explanation what it is that they did, nor how much of
it, nor of which kind. That it moved the ranking is said all the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from explainer.service.masking import MASK, tells
from explainer.view import CounterfactualView, ExplanationView

NOT_SHOWN: Mapping[str, str] = {"en": "an interest you have chosen not to show", "zh": "您选择不显示的一项兴趣"}
NO_TEXT: Mapping[str, str] = {
    "en": "Recommended because of an interest you have chosen not to show.",
    "zh": "因您选择不显示的一项兴趣而推荐。",
}


def words_in(words: Mapping[str, str], locale: str) -> str:
    """Return the words of a language, English where there are none."""
    return words.get(locale, words["en"])


def for_customer(view: ExplanationView, private: Collection[str]) -> ExplanationView:
    """Return the explanation with all private behaviours as one, under the name "•••"; its text, if it rests on one.

    Args:
        view: As stored.
        private: Ids of the behaviours that are private, now or when it was made.
    """
    hidden = {*private, *(cited.behaviour_id for cited in view.evidence if tells(cited))}
    shown = [cited for cited in view.evidence if cited.behaviour_id not in hidden]
    found = view.counterfactual
    return replace(
        view,
        evidence=[replace(cited, merged=[one for one in cited.merged if one not in hidden]) for cited in shown],
        text=view.text if len(shown) == len(view.evidence) else words_in(NO_TEXT, view.locale),
        contributions=as_one(view.contributions, hidden),
        order=_ids(view.order, hidden),
        counterfactual=None if found is None else counterfactual_for_customer(found, hidden),
    )


def counterfactual_for_customer(found: CounterfactualView, private: Collection[str]) -> CounterfactualView:
    """Return the counterfactual with all private behaviours as one."""
    if found.behaviours is None:
        return found
    return replace(found, behaviours=_ids(found.behaviours, private))


def as_one(contributions: Mapping[str, float], private: Collection[str]) -> dict[str, float]:
    """Return contributions with those of private behaviours summed, last."""
    kept = {key: value for key, value in contributions.items() if key not in private}
    hidden = [value for key, value in contributions.items() if key in private]
    return kept | ({MASK: math.fsum(hidden)} if hidden else {})


def _ids(ids: Sequence[str], private: Collection[str]) -> list[str]:
    kept = [key for key in ids if key not in private]
    return kept if len(kept) == len(ids) else [*kept, MASK]
