"""The gate: what a draft must be before anyone may read it. Pure Python, no model, fails closed."""

from explainer.writing.gate.check import Verdict, Vocabulary
from explainer.writing.gate.languages import check, tokenize
from explainer.writing.gate.review import review

__all__ = ["Verdict", "Vocabulary", "check", "review", "tokenize"]
