"""The gate: what a draft must be before anyone may read it. Pure Python, no model, fails closed."""

from explainer.writing.gate.check import Verdict, Vocabulary, check

__all__ = ["Verdict", "Vocabulary", "check"]
