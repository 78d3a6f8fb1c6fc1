"""What only reads makes no key, and one thing that cannot be read hides nothing else that is wrong."""

from __future__ import annotations

import pytest

from explainer.cli.common import console
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from tests.integration.commands import run, said
from tests.integration.tampering import tamper


@pytest.fixture
def erased(home, home_database, monkeypatch):
    """A home with an explanation, from which c1 is erased."""
    monkeypatch.setattr(console, "_width", 300)
    assert run(home, "explain", "--user", "c2", "--top", "1").exit_code == 0
    settings = Settings(_env_file=None, home=home)
    erase(home_database, Erasing.of(settings), "c1", "test")
    return settings


def test_a_check_of_a_log_of_which_nothing_was_removed_needs_no_key(home):
    key = home / "erasure.key"
    key.unlink()
    found = run(home, "audit", "check")
    assert found.exit_code == 0, found.output
    assert not key.exists()


def test_a_check_without_the_key_says_so_and_makes_none(home, erased, caplog):
    erased.code_key.unlink()
    found = run(home, "audit", "check")
    assert (found.exit_code, "list or key not readable" in said(found)) == (1, True), found.output
    assert f"The erasure key {erased.code_key} is not here" in caplog.text
    assert not erased.code_key.exists()


def test_a_list_that_cannot_be_read_hides_nothing_else(home, home_database, erased, caplog):
    erased.erased.write_bytes(b"rubbish\n")
    tamper(home_database, "UPDATE explanations SET text = 'Lies.'")
    found = run(home, "audit", "check")
    assert found.exit_code == 1
    assert "list or key not readable" in said(found)
    assert "digest differs" in said(found)
    assert "not a line of an erasure list" in caplog.text


def test_a_package_with_a_mistyped_key_speaks_of_that_one_and_makes_none(home, erased, tmp_path, monkeypatch):
    elsewhere = tmp_path / "keys"
    elsewhere.mkdir()
    monkeypatch.setenv("EXPLAINER_AUDIT_KEY", str(elsewhere / "adit.key"))
    found = run(home, "audit", "package", str(tmp_path / "package"))
    assert (found.exit_code, "There is no key" in said(found)) == (1, True), found.output
    assert "adit.key:setEXPLAINER_AUDIT_KEY" in "".join(said(found).split())
    assert list(elsewhere.iterdir()) == []


def test_what_reads_people_makes_no_key_beside_a_list_that_it_could_not_read(home, erased):
    erased.code_key.unlink()
    found = run(home, "explain", "--user", "c2", "--top", "1")
    assert (found.exit_code, "is not here" in said(found)) == (1, True), found.output
    assert not erased.code_key.exists()


def test_a_receipt_is_not_held_against_a_folder_that_is_not_there(home, erased, tmp_path):
    assert run(home, "audit", "key").exit_code == 0
    receipt = tmp_path / "receipt.json"
    assert run(home, "subject", "erase", "c3", "--yes", "--receipt", str(receipt)).exit_code == 0
    assert run(home, "subject", "check", str(receipt)).exit_code == 0
    found = run(home, "subject", "check", str(receipt), "--checkpoints", str(tmp_path / "mistyped"))
    assert (found.exit_code, "There is no folder" in said(found)) == (2, True), found.output
