"""What a user's list would be without some of their behaviours: nothing is stored, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explainer.pipeline import Explainer
from explainer.service.named import named
from explainer.writing.style import Style
from explainer.writing.texts import Request, Written
from retriever.data import Behaviour
from retriever.retrieve import Recommendation


@dataclass(frozen=True, slots=True)
class Preview:
    """Two lists of one user and how they differ.

    Attributes:
        excluded: The behaviours that are left out of account, besides those that the user has excluded already.
        before: The list as it is.
        after: The list as it would be; what was left out was met all the same, and does not come back.
        texts: The sentence for each item of ``after``.
    """

    excluded: tuple[Behaviour, ...]
    before: tuple[Recommendation, ...]
    after: tuple[Recommendation, ...]
    texts: tuple[Written, ...]

    @property
    def gone(self) -> tuple[Recommendation, ...]:
        """What leaves the list, in its old order."""
        kept = {r.item.id for r in self.after}
        return tuple(r for r in self.before if r.item.id not in kept)

    @property
    def come(self) -> tuple[Recommendation, ...]:
        """What comes into the list, in its new order."""
        held = {r.item.id for r in self.before}
        return tuple(r for r in self.after if r.item.id not in held)


def preview(explainer: Explainer, user: str, exclude: Sequence[str], k: int, style: Style) -> Preview:
    """Return the user's list of k without some behaviours, besides those that are excluded already.

    Args:
        explainer: The pipeline.
        user: Whose list.
        exclude: Ids of behaviours, or of items: then all that the user did with them.
        k: Length of the lists.
        style: Who reads the texts and in which language.

    Raises:
        NotFoundError: If the user has no such behaviour.
    """
    asking = explainer.asking(user, None)
    excluded = named(asking.history, exclude, also=asking.set_aside)
    ids = {behaviour.id for behaviour in excluded}
    less = replace(asking, history=asking.history.set_aside(ids), set_aside={*asking.set_aside, *ids})
    before, after = explainer.best(asking, k), explainer.best(less, k)
    cases = explainer.cases(less)
    requests = [Request(cases.case(less, target, style).evidence, user) for target in after]
    texts = explainer.writer.write(requests, style)
    return Preview(excluded, tuple(before), tuple(after), tuple(texts))
