"""Folders of prompts, and two of them stored."""

from __future__ import annotations

import shutil

import pytest

from explainer.paths import resource_dir
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.integration.commands import run


@pytest.fixture
def make(tmp_path):
    def made(name, **changed):
        """Copy the package's templates with some replaced; return folder and version."""
        folder = tmp_path / name
        shutil.copytree(resource_dir("prompts"), folder)
        for template, content in (changed or {"fallback": f"{{item}} is told by {name}."}).items():
            (folder / "en" / "customer" / f"{template}.j2").write_text(content)
        return folder, PromptLibrary(folder).version(Style("en", "customer"))

    return made


@pytest.fixture
def two(home, make):
    made = {name: make(name) for name in ("first", "second")}
    for folder, _ in made.values():
        result = run(home, "prompts", "add", str(folder))
        assert result.exit_code == 0, result.output
    return [version for _, version in made.values()]
