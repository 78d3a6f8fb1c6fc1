"""A database with records of every kind, and what packs them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from explainer.audit.checkpoints import CheckpointFolder
from explainer.pipeline import Explainer
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.service.subject.erase import Erasing, erase
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanations import explanations_named
from explainer.storage.listing import Search
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.conftest import fill
from tests.integration.package.acting import LOOKER, SIGNER

_FILLED = object()


@pytest.fixture
def database(make_database, templates, dataset, model):
    """One with fourteen explanations and a complaint; two more were made and are erased. Made once and copied."""
    return make_database("packed", templates(id(_FILLED), lambda first: _fill(first, dataset, model)))


def _fill(database, dataset, model):
    fill(database, dataset)
    explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 4)]
    explainer.explain_top("u1", 2, Style("zh", "auditor"))
    explainer.explain_top("u5", 2)
    erase(database, Erasing.unlisted(), "u5", "ada")
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")


@pytest.fixture
def rows(database):
    """The explanations, in the order in which they were made."""
    with database.session() as session:
        entries = select(AuditEntryRow.record_id).where(AuditEntryRow.event == "explanation.created")
        return explanations_named(session, session.scalars(entries.order_by(AuditEntryRow.seq)).all())


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
