"""Packages for auditors: what is taken away proves itself, and whatever was done to it is found."""

from __future__ import annotations

import pytest

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.check import check_package
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.storage.listing import Search
from explainer.writing.style import Style

SIGNER = Signer("shop", bytes(range(32)))


@pytest.fixture
def rows(explainer, database):
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 4)]
    made += explainer.explain_top("u1", 2, Style("zh", "auditor"))
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")
    return made


@pytest.fixture
def packer(tmp_path):
    return Packer(CheckpointFolder(tmp_path / "elsewhere"), SIGNER)


def test_a_package_proves_itself(database, packer, rows, tmp_path):
    made = write_package(database, packer, Wanted(Search()), tmp_path / "out")
    found = check_package(tmp_path / "out", SIGNER.verifier)
    print(made, found)
    assert found.manifest == made
    assert (made.explanations, found.made) == (14, 14)
