"""What a user's list would be without some of their behaviours: nothing is stored, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.cases import Asking
from explainer.errors import NotFoundError
from explainer.pipeline import Explainer
from explainer.storage.hidden import hidden_aspects
from explainer.writing.style import Style
from explainer.writing.texts import Request, Written
from retriever.data import Behaviour, History
from retriever.retrieve import Recommendation, met_items, recommend


@dataclass(frozen=True, slots=True)
class Preview:
    """Two lists of one user and how they differ.

    Attributes:
        without: The behaviours that are left out of account.
        before: The list as it is.
        after: The list as it would be; what was left out was met all the same, and does not come back.
        texts: The sentence for each item of ``after``.
    """

    without: tuple[Behaviour, ...]
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


def preview(explainer: Explainer, user: str, without: Sequence[str], k: int, style: Style | None = None) -> Preview:
    """Return the user's list of k without some behaviours.

    Args:
        explainer: The pipeline.
        user: Whose list.
        without: Ids of behaviours, or of items: then all that the user did with them.
        k: Length of the lists.
        style: Who reads the texts and in which language.

    Raises:
        NotFoundError: If the user has no such behaviour.
    """
    style = style or Style()
    recommender, history = explainer.model.recommender, explainer.history(user)
    left_out = _named(history, without)
    shortened = history.without({behaviour.id for behaviour in left_out})
    before = recommend(recommender, history, k)
    after = recommend(recommender, shortened, k, met_items(recommender, history))
    with explainer.database.session() as session:
        asking = Asking(shortened, None, hidden_aspects(session, user))
    requests = [Request(explainer.cases.case(asking, target).evidence, user) for target in after]
    texts = explainer.writer.write(requests, style)
    return Preview(left_out, tuple(before), tuple(after), tuple(texts))


def _named(history: History, names: Sequence[str]) -> tuple[Behaviour, ...]:
    known = {behaviour.id for behaviour in history.behaviours} | set(history.items())
    strange = [name for name in names if name not in known]
    if strange:
        raise NotFoundError(
            f"User {history.user!r} did nothing that is called {strange[0]!r}; give the id of one of their behaviours "
            "(as in an explanation's evidence) or of an item that they have met."
        )
    wanted = set(names)
    return tuple(b for b in history.behaviours if b.id in wanted or b.item in wanted)
