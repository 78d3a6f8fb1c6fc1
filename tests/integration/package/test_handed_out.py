"""Packages as auditors get them: by a download and by a command."""

from __future__ import annotations

import html
import io
import re
import shutil
import warnings
import zipfile

import msgspec
import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import delete, select, text

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.audit.errors import VerificationError
from explainer.cli import main
from explainer.errors import ExplainerError
from explainer.operator import operator
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.manifest import Manifest
from explainer.service.package.opened import opened
from explainer.service.package.write import Wanted, write_package
from explainer.storage.listing import Search
from explainer.storage.reading_tables import ViewRow
from explainer.storage.staff import names_of
from tests.integration.package.acting import KEY, LOOKER, leave_out, lines, resign

MARCH, JANUARY = "2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"


def looks(database):
    """Return who looked at whom, and at what, by whom."""
    with database.session() as session:
        rows = session.scalars(select(ViewRow)).all()
        names = names_of(session, [one.viewer for one in rows])
        found = [(names[one.viewer], one.subject, one.what) for one in rows]
        return sorted(found, key=lambda one: one[1] or "")


@pytest.fixture
def auditor(explainer, database, packer):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    with TestClient(create_app(explainer, queue=4, parts=Parts(packer=packer))) as made:
        made.headers["X-API-Key"] = key
        yield made


def test_a_package_can_be_downloaded_and_the_look_is_in_it(auditor, rows, tmp_path):
    answer = auditor.get("/v1/audit/package", params={"seed": "s", "n": 5, "user": "u1"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        assert held.testzip() is None
        held.extractall(tmp_path / "here")
    found = check_package(tmp_path / "here" / "package", KEY)
    assert found.manifest.sample.found == 6
    assert (found.manifest.explanations, found.manifest.search.user) == (5, "u1")
    views = lines(tmp_path / "here" / "package")[0]["views"]
    assert views == [], "a download is a look at a user's record, not at one explanation"


@pytest.mark.parametrize(
    "wrong",
    [{"n": 20}, {"seed": "", "n": 20}, {"seed": ""}, {"seed": "s", "n": 0}, {"since": MARCH, "until": JANUARY}],
)
@pytest.mark.parametrize("address", ["/v1/audit/package", "/audit/package.zip"])
def test_what_makes_no_sense_packs_nothing(auditor, database, rows, address, wrong):
    if address.endswith("zip"):
        wrong = {name: value[:10] if name in {"since", "until"} else value for name, value in wrong.items()}
    assert auditor.get(address, params=wrong).status_code == 400
    assert looks(database) == []


def test_a_sample_is_a_look_at_each_customer_whom_it_has(auditor, database, rows):
    page = auditor.get("/audit/sample", params={"seed": "s", "n": 7}).text  # one more than anybody has
    with database.session() as session:
        session.execute(delete(ViewRow))
    (link,) = re.findall(r'href="(/audit/package[.]zip[^"]*)"', page)
    with zipfile.ZipFile(io.BytesIO(auditor.get(html.unescape(link)).content)) as held:
        records = [msgspec.json.decode(one) for one in held.read("package/records.jsonl").splitlines()]
        assert msgspec.json.decode(held.read("package/manifest.json"))["sample"]["seed"] == "s"
    users = {one["explanation"]["user_id"] for one in records}
    assert (len(records), len(users) > 1) == (7, True)
    assert looks(database) == [("auditor", user, "download") for user in sorted(users)]
    assert auditor.get("/audit/package.zip").status_code == 200
    assert ("auditor", None, "download") in looks(database)


def test_a_sample_with_a_forged_record_in_it_is_shown_and_packed(auditor, database, rows):
    with database.session() as session:
        session.execute(text("UPDATE explanations SET asked = '[1]' WHERE id = :id"), {"id": rows[2].id})
    for address in ("/audit/sample", "/v1/audit/sample", "/audit/package.zip", "/v1/audit/export.jsonl"):
        wanted = {} if "export" in address else {"seed": "s", "n": 20}
        assert auditor.get(address, params=wanted).status_code == 200, address


def test_a_disk_that_cannot_be_written_is_no_place_to_tell_of(auditor, packer, rows, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", str(packer.scratch))

    monkeypatch.setattr("explainer.service.package.write.write_table", full)
    answer = auditor.get("/v1/audit/package")
    assert answer.status_code == 500
    assert str(packer.scratch) not in answer.text


def test_a_folder_of_checkpoints_that_cannot_be_written_is_what_is_told(database, packer, rows, tmp_path):
    packer.folder.folder.write_text("no folder")
    with pytest.raises(ExplainerError, match="EXPLAINER_CHECKPOINTS"):
        write_package(database, packer, Wanted(Search()), LOOKER, tmp_path / "out")


def test_a_download_of_any_length_can_be_unzipped_and_is_checked_as_it_is(auditor, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)  # so that each file is longer than a short one may be
    path = tmp_path / "package.zip"
    path.write_bytes(auditor.get("/v1/audit/package").content)
    with opened(path) as folder:
        assert check_package(folder, KEY).manifest.explanations == 14
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["package/../x", "/etc/x", "package/more.txt", "records.jsonl", "package/manifest.json", "__MACOSX/x"]
)
def test_a_zip_file_with_anything_else_in_it_is_refused(pack, tmp_path, name):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        made.write(pack() / names.MANIFEST, "package/manifest.json")
        made.writestr(name, "x")
    with pytest.raises(VerificationError, match="no part of a package as it is downloaded"), opened(path):
        pass


def test_what_is_no_package_says_what_to_do(pack, tmp_path):
    (tmp_path / "parent").mkdir()
    pack().rename(tmp_path / "parent" / "package")
    with pytest.raises(VerificationError, match=r"check that: .*parent/package"), opened(tmp_path / "parent"):
        pass
    (tmp_path / "x.zip").write_bytes(b"PK no zip file")
    with pytest.raises(VerificationError, match="neither"), opened(tmp_path / "x.zip"):
        pass
    (tmp_path / "parent" / "package" / ".DS_Store").touch()
    with pytest.raises(VerificationError, match="remove it and check again"):
        check_package(tmp_path / "parent" / "package", KEY)


@pytest.fixture
def run(database, rows, tmp_path):
    """Return what runs a command for auditors, and returns its exit code and its words."""

    def run(*arguments, url=database.url):
        words = ["--home", str(tmp_path / "home"), "audit", *map(str, arguments)]
        found = CliRunner().invoke(main, words, env={"EXPLAINER_DATABASE_URL": url})
        return found.exit_code, " ".join(found.output.split())

    return run


def test_the_command_makes_and_checks_one(run, database, tmp_path):
    out, key = tmp_path / "out", run("key")[1]
    made = run("package", out, "--from", "2020-01-01", "--user", "u1", "--seed", "s", "--sample", "2")
    assert made[0] == 0, made
    assert "2 explanations, drawn of 6" in made[1]
    assert "personal data" in made[1]
    assert looks(database) == [(operator(), "u1", "download")]
    code, told = run("package-check", out, "--key", key, url="sqlite:////nowhere/at/all.db")
    assert (code, "Whole: 2 explanations" in told) == (0, True), told
    assert "from 2020-01-01 00:00:00 UTC to before" in told
    assert "user 'u1'; of 6 found the seed 's' draws these" in told
    assert "more than time narrows the search" in told
    assert run("package-check", out, "--key", KEY)[0] == 2
    (out / names.RECORDS).unlink()
    code, told = run("package-check", out, "--key", key)
    assert (code, "'records.jsonl' is missing" in told) == (16, True)
    assert run("package", tmp_path / "b", "--seed", "s")[0] == 2


def test_a_package_that_is_not_the_one_that_was_asked_for_is_told(run, tmp_path):
    out, key = tmp_path / "out", run("key")[1]
    assert run("package", out, "--from", "2020-01-01", "--seed", "Q4", "--sample", "3")[0] == 0
    check = ["package-check", out, "--key", key]
    code, told = run(*check, "--seed", "Q4", "--sample", "3", "--from", "2020-01-01")
    assert (code, "16 explanations were made in that time, 2 of which were removed since" in told) == (0, True), told
    assert "the last of" in told
    for other in (["--seed", "Q3"], ["--sample", "4"], ["--from", "2019-01-01"], ["--to", "2026-12-01"]):
        assert run(*check, *other)[0] == 21


def test_what_is_missing_and_what_nobody_signed_have_codes_of_their_own(run, pack, tmp_path):
    out = pack()
    shutil.rmtree(out / names.CHECKPOINTS)
    manifest = msgspec.json.decode((out / names.MANIFEST).read_bytes(), type=Manifest)
    resign(out, log=msgspec.structs.replace(manifest.log, checkpoints=0))
    code, told = run("package-check", out, "--key", KEY)
    assert (code, "No checkpoint vouches for" in told) == (3, True), told
    leave_out(out, "explanation.created")
    code, told = run("package-check", out, "--key", KEY)
    assert (code, "was made in the time of the search" in told) == (20, True), told
