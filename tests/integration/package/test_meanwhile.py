"""What others do while a package is made is in it whole, or not at all."""

from __future__ import annotations

import pytest

from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.write import Wanted, write_package
from explainer.service.subject.erase import Erasing, erase
from explainer.service.suppress import suppress
from explainer.storage.listing import Search
from tests.integration.package.acting import KEY, LOOKER, revise


@pytest.mark.both
@pytest.mark.parametrize("seed", ["", "s"])
@pytest.mark.parametrize("stage", [names.PROVENANCE, names.LOG])
def test_a_package_is_of_one_moment(explainer, database, packer, rows, tmp_path, seed, stage):
    def meanwhile(name):
        if name == stage:
            revise(database, rows[0], "A later text.")
            give_feedback(database, rows[1].id, FeedbackKind.WRONG, "", "test")
            suppress(database, rows[2].id, "Rude.", "ada")
            explainer.explain_top("u7", 2)
            erase(database, Erasing.unlisted(), "u3", "ada")

    write_package(database, packer, Wanted(Search(), seed, 14), LOOKER, tmp_path / "out", meanwhile)
    found = check_package(tmp_path / "out", KEY)
    assert (found.manifest.explanations, found.made, found.gone) == (14, 16, 2)
    assert found.last.size == found.log.entries, "the log is signed as it was at that moment"
    write_package(database, packer, Wanted(Search(), seed, 14), LOOKER, tmp_path / "after")
    later = check_package(tmp_path / "after", KEY)
    assert (later.manifest.explanations, later.made, later.gone) == (12, 18, 6)
