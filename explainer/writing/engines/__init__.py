"""Engines turn prompts into drafts. Each passes the same contract test class."""

from explainer.writing.engines.base import Draft, Engine, Sampling

__all__ = ["Draft", "Engine", "Sampling"]
