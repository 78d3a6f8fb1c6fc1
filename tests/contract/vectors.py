"""Spaces of their own for tests of the index in PostgreSQL, and settings by which a graph is all that answers."""

from __future__ import annotations

from itertools import count

from explainer.storage.vectors.space import HnswConfig

GRAPH = HnswConfig(exact_up_to=0)
SPACES = count()


def space():
    return f"it's 100% :mine {next(SPACES)}"
