"""The gate for Chinese: the same promises as in English, by Chinese words, clauses and measure words."""

from explainer.writing.gate.zh.check import check

__all__ = ["check"]
