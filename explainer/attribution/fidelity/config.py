"""Settings of the fidelity report."""

from __future__ import annotations

import msgspec

from retriever.recommenders.factory import AnyConfig


class FidelityConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of the fidelity report.

    Attributes:
        recommender: What is fitted and explained.
        share: Share of the users who are held out of the fit and explained.
        seed: Of the split and everything else random.
        max_users: At most so many held-out users are explained.
        peers: Whether other people's libraries take part.
        k: Length of the list that counterfactuals must leave.
        exhaustive_up_to: Histories up to this length are also searched exhaustively for a smaller counterfactual,
        exhaustive_users: so many of them at most.
    """

    recommender: AnyConfig
    share: float = 0.2
    seed: int = 42
    max_users: int = 200
    peers: bool = True
    k: int = 10
    exhaustive_up_to: int = 15
    exhaustive_users: int = 50
