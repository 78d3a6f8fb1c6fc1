"""An installed wheel finds its prompts, migrations, templates and adapter without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import explainer, pathlib, sys
from explainer.paths import adapter_dir, corpus_dir, resource_dir, vocabulary_file
from explainer.storage.database import Database
from explainer.evidence.firewall import shipped_words
from explainer.writing.cues import CueTable
from explainer.writing.glossary import spoken
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
here = pathlib.Path(explainer.__file__).parent
assert here.is_relative_to(sys.argv[1]), here
for place in (resource_dir("prompts"), resource_dir("migrations"), adapter_dir("en"), here / "server" / "templates"):
    assert place.is_relative_to(here) and any(place.iterdir()), place
assert (here / "datareport" / "templates" / "report.css").is_file()
for locale in ("en", "zh"):
    assert any(corpus_dir(locale).glob("*.jsonl")) and vocabulary_file(locale, "customer").is_file(), locale
assert shipped_words().are_in("hiv") and spoken("sci-fi", "zh") == "科幻"
assert CueTable.load(adapter_dir("en"))
print(PromptLibrary().version(Style()))
database = Database(f"sqlite:///{sys.argv[2]}/wheel.db")
database.migrate()
database.require_current()
"""


def test_the_wheel_is_whole(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        assert not [n for n in archive.namelist() if n.startswith("tests/")]
    answer = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "site"), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    from explainer.writing.prompts import PromptLibrary
    from explainer.writing.style import Style

    assert answer.stdout.strip() == PromptLibrary().version(Style())
