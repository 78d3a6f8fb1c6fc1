"""The command line: ``explainer``."""

from explainer.cli.main import main

__all__ = ["main"]
