"""Whoever opens a database knows all its tables, whichever modules they imported."""

from __future__ import annotations

import subprocess
import sys

from explainer.storage.personal import HELD, IMPERSONAL

CODE = """
from explainer.storage.database import Database
Database("sqlite://")
from explainer.storage.base import Base
print(*sorted(Base.metadata.tables))
"""


def test_whoever_opens_a_database_knows_every_table():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout.split() == sorted({held.name for held in HELD} | {row.__tablename__ for row in IMPERSONAL})
