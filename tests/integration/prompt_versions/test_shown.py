"""What differs between two versions is shown, and obeyed by no terminal."""

from __future__ import annotations

from tests.integration.commands import run


def test_a_diff_shows_what_changed_and_obeys_nothing(home, make, two):
    folder, version = make("evil", fallback="\x1b[2J[bold]{item}\u202e is here.")
    assert run(home, "prompts", "add", str(folder)).exit_code == 0
    lines = run(home, "prompts", "diff", two[0], version).output.splitlines()
    assert "--- a/en/customer/fallback.j2" in lines
    assert "-{item} is told by first. (no newline at the end)" in lines
    assert r"+\x1b[2J[bold]{item}\u202e is here. (no newline at the end)" in lines
    assert not any("system.j2" in line for line in lines), "what is the same is not shown"
    assert "the same" in run(home, "prompts", "diff", version, version).output
    shown = run(home, "prompts", "show", version).output
    assert r"\x1b[2J[bold]{item}\u202e is here." in shown


def test_a_diff_is_coloured_on_a_terminal(home, two, monkeypatch):
    from rich.console import Console

    from explainer.cli import prompts as commands

    console = Console(force_terminal=True, color_system="standard", width=100, record=True)
    monkeypatch.setattr(commands, "console", console)
    run(home, "prompts", "diff", *two)
    printed = console.export_text(styles=True)
    assert "\x1b[32m+{item} is told by second." in printed
    assert "\x1b[31m-{item} is told by first." in printed
