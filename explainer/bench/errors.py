"""What can go wrong with a measurement."""

from __future__ import annotations

from explainer.errors import ExplainerError


class BenchError(ExplainerError):
    """A measurement could not be made; the message says why."""
