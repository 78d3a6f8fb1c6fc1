"""A person at the command line, in tests: what is typed, and what is then said."""

from __future__ import annotations

from click.testing import CliRunner

from explainer.cli import main


def run(home, *words):
    return CliRunner().invoke(main, ["--home", str(home), *words])


def said(result) -> str:
    """Return what was printed in one line, without the frames around it."""
    return " ".join(result.output.replace("│", " ").split())
