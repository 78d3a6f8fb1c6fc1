"""What can be wrong with a record of what happened."""

from __future__ import annotations

from explainer.errors import ExplainerError


class VerificationError(ExplainerError):
    """Something does not prove what it claims: a log, a checkpoint, a proof or a key; the message says where."""
