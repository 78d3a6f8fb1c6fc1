"""How a text is joined together: which marks stood side by side in the corpus, written by people, and which never did.

A pair of neighbours that no example has is where a small model's grammar breaks ("share a people"). The gate asks
whether a text is true; this asks whether it reads like one of ours. It decides which cues are kept, not what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from explainer.tuning.examples import Example
from explainer.tuning.families import marks

_EDGE = ""
Joint = tuple[str, str]


class Joints:
    """The neighbours that the corpus knows.

    Args:
        examples: The texts to learn from; aspects count as one mark, slots without their numbers.
    """

    def __init__(self, examples: Iterable[Example]) -> None:
        self._known = {joint for example in examples for joint in _joints(example.text, example.aspects)}

    def strange(self, text: str, aspects: Sequence[str]) -> int:
        """Return how many of the text's joints are unknown.

        Args:
            text: A text with slots.
            aspects: The aspects of its evidence.
        """
        return sum(joint not in self._known for joint in _joints(text, aspects))


def _joints(text: str, aspects: Sequence[str]) -> list[Joint]:
    return list(pairwise([_EDGE, *marks(text, aspects), _EDGE]))
