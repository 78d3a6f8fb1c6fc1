"""The waterfall of a stored explanation."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from explainer.picture.steps import Part, Waterfall, make_waterfall
from explainer.picture.words import PICTURE_WORDS
from explainer.storage.explanation_tables import ExplanationRow

_MASK = "•••"


def waterfall_of(
    row: ExplanationRow,
    titles: Mapping[str, str],
    locale: str = "en",
    masked: Collection[str] = (),
    private: Collection[str] = (),
) -> Waterfall:
    """Return how the stored contributions make the stored score, in the order in which they matter.

    Args:
        row: The explanation.
        titles: Behaviour id → title of its item today; what the text cites keeps the title it was shown with.
        locale: Language of its words.
        masked: Behaviours that are one bar together, without a word, for whoever must not learn of them.
        private: Behaviours that are one bar together, for a customer.

    Raises:
        PictureError: If a stored number is not finite.
    """
    words = PICTURE_WORDS[locale]
    cited = {evidence.behaviour_id: evidence.title for evidence in row.evidence}
    known = {**titles, **cited}
    # What was stored before orders were kept comes by size.
    order = row.order or sorted(row.contributions, key=lambda key: -abs(row.contributions[key]))
    parts = [
        Part(known.get(key, words.unnamed.format(id=key)), row.contributions[key], key in cited)
        for key in order
        if key not in private and key not in masked
    ]
    for label, kept_out in ((_MASK, masked), (words.not_shown, private)):
        hidden = [key for key in order if key in kept_out]
        if hidden:
            total = sum(row.contributions[key] for key in hidden)
            parts.append(Part(label, total, label == _MASK and not cited.keys().isdisjoint(hidden)))
    return make_waterfall(row.title, row.base_score, row.score, parts, words)
