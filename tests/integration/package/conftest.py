"""A database with records of every kind, and what packs them."""

from __future__ import annotations

import pytest

from explainer.audit.checkpoints import CheckpointFolder
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.service.subject.erase import Erasing, erase
from explainer.storage.listing import Search
from explainer.writing.style import Style
from tests.integration.package.acting import LOOKER, SIGNER


@pytest.fixture
def rows(explainer, database):
    """Fourteen explanations; two more were made and are erased."""
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 4)]
    made += explainer.explain_top("u1", 2, Style("zh", "auditor"))
    explainer.explain_top("u5", 2)
    erase(database, Erasing.unlisted(), "u5", "ada")
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")
    return made


@pytest.fixture
def packer(tmp_path):
    return Packer(CheckpointFolder(tmp_path / "elsewhere"), SIGNER, tmp_path / "scratch")


@pytest.fixture
def pack(database, packer, rows, tmp_path):
    """Return a function that makes a package: ``pack(seed="", n=0, **search)``."""
    numbers = iter(range(100))

    def make(seed="", n=0, **search):
        out = tmp_path / f"out{next(numbers)}"
        write_package(database, packer, Wanted(Search(**search), seed, n), LOOKER, out)
        return out

    return make
