"""What erases people, its key and list outside the database, and a desk that has it done."""

from __future__ import annotations

import pytest

from explainer.audit.checkpoints import CheckpointFolder
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.signing import Signing
from tests.integration.traces import desk_of


@pytest.fixture
def erasing(tmp_path):
    key = ErasureKey.load(tmp_path / "outside" / "erasure.key")
    signing = Signing(CheckpointFolder(tmp_path / "outside" / "checkpoints"), tmp_path / "outside" / "audit.key")
    return Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key), signing=signing)


@pytest.fixture
def desk(explainer, erasing):
    with desk_of(explainer, erasing=erasing) as made:
        yield made
