"""Behaviours as people name them: by their own ids, or by the id of the item they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explainer.errors import NotFoundError
from retriever.data import Behaviour, History


def named(history: History, names: Sequence[str], also: Iterable[str] = ()) -> tuple[Behaviour, ...]:
    """Return the behaviours of the history that are meant, in its order.

    Args:
        history: What the user did.
        names: Ids of behaviours, or of items: then all that the user did with them.
        also: Further ids of behaviours that may be named, though the history holds them no more.

    Raises:
        NotFoundError: If a name is none of this user's; whether it is somebody else's is not told.
    """
    known = {behaviour.id for behaviour in history.behaviours}.union(history.items(), also)
    strange = next((place for place, name in enumerate(names, 1) if name not in known), None)
    if strange is not None:
        raise NotFoundError(
            f"Name {strange} of {len(names)} is of nothing that the user did; give the id of one of their behaviours "
            "(as in GET /v1/users/{user}/behaviours, or an explanation's evidence) or of an item that they have met."
        )
    wanted = frozenset(names)
    return tuple(b for b in history.behaviours if b.id in wanted or b.item in wanted)
