"""Where checkpoints are, and a log that they vouch for."""

from __future__ import annotations

import pytest

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from tests.integration.audit_log.acting import ENTRIES, SIGNER, grow


@pytest.fixture
def folder(tmp_path):
    return CheckpointFolder(tmp_path / "elsewhere")


@pytest.fixture
def signed(empty, folder):
    """A log of forty entries, signed after 8, 20 and 40."""
    for end in (8, 20, ENTRIES):
        grow(empty, end)
        sign_head(empty, folder, SIGNER)
    return empty
