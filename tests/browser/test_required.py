"""Where pages must be tested a missing browser is a failure; elsewhere their tests are skipped, and it is said."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from explainer.paths import resource_dir

MAKE = shutil.which("make")


@pytest.mark.skipif(MAKE is None, reason="no make on this machine")
@pytest.mark.parametrize(("asked", "code", "said"), [("required", 2, "are required"), ("", 0, "will be skipped")])
def test_without_a_browser_make_fails_only_where_one_is_required(tmp_path, asked, code, said):
    nowhere = {"PATH": str(tmp_path), "EXPLAINER_TEST_BROWSER": asked}
    done = subprocess.run(
        [MAKE, "browser"], cwd=resource_dir("prompts").parent, env=nowhere, capture_output=True, text=True, check=False
    )
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stderr


def test_what_ci_runs_requires_a_browser():
    script = (resource_dir("prompts").parent / ".ci" / "run").read_text("utf-8")
    assert "EXPLAINER_TEST_BROWSER=required make test" in script
