"""Template sources: read from a folder, run in a sandbox, blamed by name and line when they fail."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping
from pathlib import Path

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from explainer.errors import PromptError


def read_templates(root: Path) -> dict[str, str]:
    """Return the templates under a folder: relative path → text.

    Raises:
        PromptError: If there is no such folder, or a file in it cannot be read as UTF-8.
    """
    if not root.is_dir():
        raise PromptError(f"There is no folder of prompt templates at {root}.")
    return {file.relative_to(root).as_posix(): _read(file) for file in sorted(root.rglob("*.j2"))}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PromptError(f"Prompt template {file} is not UTF-8: {error.reason} at byte {error.start}.") from error
    except OSError as error:
        raise PromptError(f"Prompt template {file} cannot be read: {error.strerror}.") from error


def make_environment(sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Return a sandbox in which these templates, and no others, can be rendered.

    Autoescape is off on purpose: see :mod:`explainer.writing.prompts`.
    """

    def load(name: str) -> tuple[str, str, None] | None:
        # The name also stands as file name, so that a traceback says which template a line is in.
        return (sources[name], name, None) if name in sources else None

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load), undefined=StrictUndefined, autoescape=False
    )
    # Equal facts must give equal prompts: nothing that draws lots.
    del environment.globals["lipsum"], environment.filters["random"]
    return environment


def place_of(error: BaseException, names: Collection[str]) -> str:
    """Return where in the templates an error arose, e.g. ``'en/customer/prompt.j2', line 3``; empty if unknown."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name!r}, line {error.lineno}"
    inside = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    return next((f"{name!r}, line {line}" for name, line in reversed(inside) if name in names), "")
