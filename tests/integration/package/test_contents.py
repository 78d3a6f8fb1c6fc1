"""What a package holds: the records that were asked for, with all that an outsider needs to prove them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import polars as pl
import pytest
from sqlalchemy import select

from explainer.audit import verify_alone
from explainer.audit.merkle import Tree, leaf_hash
from explainer.errors import ExplainerError, SearchError
from explainer.service.package import manifest as names
from explainer.service.package import write
from explainer.service.package.check import check_package
from explainer.service.package.table import MEANINGS
from explainer.service.package.write import Wanted, write_package
from explainer.service.suppress import suppress
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.listing import Search
from tests.integration.package.acting import KEY, LOOKER, ids, lines

SCRIPT = Path(verify_alone.__file__)


def test_a_package_proves_itself_and_its_records_are_those_of_the_database(pack, database, rows):
    suppress(database, rows[1].id, "Rude.", "ada")
    out = pack()
    found = check_package(out, KEY)
    assert ids(out) == [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id))]
    assert (found.manifest.explanations, found.made, found.gone, found.unsalted) == (14, 16, 2, 0)
    with database.session() as session:
        later = session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.seq > found.log.entries)).all()
    assert later == ["record.viewed", "audit.packaged"], "of the package itself, and the look that it is"
    entries = [entry for one in lines(out) for entry in one["entries"]]
    assert found.proved + found.unkept == found.manifest.entries == len(entries)
    assert found.unkept == len([one for one in entries if one["matches"] is None]) == 1, "the review is open"
    assert "personal data" in found.manifest.privacy
    table = pl.read_parquet(out / names.TABLE)
    assert (table.height, table.columns) == (14, list(MEANINGS))
    assert found.manifest.columns == MEANINGS
    first = table.filter(pl.col("id") == rows[0].id).row(0, named=True)
    assert (first["text"], first["user"], first["wrong"]) == (rows[0].text, "u1", 1)
    assert first["cited_titles"] == [cited.title for cited in rows[0].evidence]
    assert table.filter(pl.col("suppressed"))["id"].to_list() == [rows[1].id]


def test_an_outsider_proves_a_record_with_a_few_lines_of_their_own(pack):
    out = pack()
    salts = {one["seq"]: one for one in lines(out, names.SALTS)}
    logged = (out / names.LOG).read_bytes().splitlines()
    tree = Tree()
    for line in logged:
        tree.append(leaf_hash(line))
    for record in lines(out):
        (entry,) = [one for one in record["entries"] if one["event"] == "explanation.created"]
        proof = salts[entry["seq"]]
        digest = hashlib.sha256(bytes.fromhex(proof["salt"]) + proof["digested"].encode()).hexdigest()
        assert digest == entry["digest"] == msgspec.json.decode(logged[entry["seq"] - 1])["digest"]
        assert msgspec.json.decode(proof["digested"])["text"] == record["explanation"]["text"]
    assert tree.root().hex() == msgspec.json.decode((out / names.MANIFEST).read_bytes())["log"]["root"]
    command = [sys.executable, SCRIPT, out / names.LOG, out / names.CHECKPOINTS, str(KEY)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.startswith("whole:")


def test_filters_narrow_what_is_in_it_and_borders_are_utc(pack, database, rows):
    assert set(ids(pack(user="u3"))) == {row.id for row in rows[4:8]}
    assert set(ids(pack(locale="zh", audience="auditor"))) == {row.id for row in rows[-2:]}
    assert ids(pack(complained=True)) == [rows[0].id]
    assert len(ids(pack(complained=False))) == 13
    assert len(ids(pack(source="template"))) == 14
    assert not ids(pack(source="model"))
    assert not ids(pack(writer="another"))
    begin = min(row.created_at for row in rows)
    assert not ids(pack(until=begin.replace(tzinfo=None))), "a moment without a zone is one of UTC"
    assert len(ids(pack(since=begin.astimezone(timezone(timedelta(hours=8)))))) == 14
    out = pack(user="nobody ever")
    assert check_package(out, KEY).manifest.explanations == 0
    assert pl.read_parquet(out / names.TABLE).columns == list(MEANINGS)
    for folder in (pack(user="u3"), pack(complained=False), pack(recommender=rows[0].recommender_version[:8])):
        check_package(folder, KEY)


def test_a_moment_at_the_border_is_in_from_and_out_before(pack, rows):
    border = rows[0].created_at
    assert rows[0].id in ids(pack(since=border))
    assert rows[0].id not in ids(pack(until=border))


def test_a_sample_is_drawn_the_same_again_and_can_be_drawn_elsewhere(pack, rows):
    out = pack("a seed", 5)
    ordered = sorted((row.id for row in rows), key=lambda one: hashlib.sha256(f"a seed:{one}".encode()).hexdigest())
    assert ids(out) == ids(pack("a seed", 5)) == ordered[:5] != ids(pack("another", 5))
    assert check_package(out, KEY).manifest.sample.found == 14
    assert (out / names.IDS).read_text().split() == sorted(row.id for row in rows)
    assert len(ids(pack("x", 100))) == 14


def test_what_happens_while_it_is_packed_is_not_in_it_for_nobody_has_signed_that(pack, database, rows, monkeypatch):
    sign = write.sign_after

    def signed_and_went_on(*what):
        sign(*what)
        suppress(database, rows[1].id, "Rude.", "ada")

    monkeypatch.setattr(write, "sign_after", signed_and_went_on)
    out = pack()
    assert check_package(out, KEY).log.unsigned == 0
    told = [str(out / names.LOG), str(out / names.CHECKPOINTS), str(KEY)]
    assert verify_alone.main(told) == 0


def test_what_is_there_already_is_not_written_over(database, packer, rows, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ExplainerError, match="is there already"):
        write_package(database, packer, Wanted(Search()), LOOKER, tmp_path / "out")
    with pytest.raises(SearchError):
        bad = Search(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC))
        write_package(database, packer, Wanted(bad), LOOKER, tmp_path / "other")
    assert not list(tmp_path.glob("*other*")), "nothing unfinished is left"


def test_a_longer_package_takes_no_more_memory(explainer, packer, rows, tmp_path):
    def peak(name):
        tracemalloc.start()
        write_package(explainer.database, packer, Wanted(Search()), LOOKER, tmp_path / name)
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        check_package(tmp_path / name, KEY)
        read = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return written, read, (tmp_path / name / names.RECORDS).stat().st_size

    for n in range(3):
        explainer.explain_top(f"new {n}", 40)
    short = peak("short")
    for n in range(3, 18):
        explainer.explain_top(f"new {n}", 40)
    long = peak("long")
    assert long[2] > 4.5 * short[2]
    assert long[0] < 1.5 * short[0]
    assert long[1] < 1.5 * short[1]
