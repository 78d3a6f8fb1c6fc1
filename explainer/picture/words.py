"""What a waterfall says besides titles and numbers, per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PictureWords:
    """The words of one language; ``{…}`` stands for a title or a number.

    Attributes:
        name: What the picture shows, of ``{item}``.
        start: The score before any behaviour.
        final: The score after all.
        cited: That the text names ``{label}``.
        others: The bar of ``{n}`` behaviours together.
        unexplained: The bar of what is left.
        not_shown: The bar of what the reader has chosen not to show.
        unnamed: A behaviour, by its ``{id}``, that has no title.
        legend: How to read the arrows.
        stop: What ends a sentence.
    """

    name: str
    start: str
    final: str
    cited: str
    others: str
    unexplained: str
    not_shown: str
    unnamed: str
    legend: str
    stop: str


ENGLISH = PictureWords(
    name="How each behaviour moved the score of {item}",
    start="Score with no behaviour",
    final="Final score",
    cited="{label} (cited)",
    others="{n:,} other behaviours",
    unexplained="Not explained by any behaviour",
    not_shown="An interest you have chosen not to show",
    unnamed="Behaviour {id}",
    legend="\u25b6 raises the score \u00b7 \u25c0 lowers it \u00b7 filled: cited in the text",
    stop=". ",
)
PICTURE_WORDS: Mapping[str, PictureWords] = {
    "en": ENGLISH,
    "zh": PictureWords(
        name="每个行为怎样改变了{item}的得分",
        start="没有任何行为时的得分",
        final="最终得分",
        cited="{label}（文中提到）",
        others="其他 {n:,} 个行为",
        unexplained="任何行为都没有解释的部分",
        not_shown="您选择不显示的一项兴趣",
        unnamed="行为 {id}",
        legend="\u25b6 提高得分 \u00b7 \u25c0 降低得分 \u00b7 实心：文中提到",
        stop="。",
    ),
}
