"""The list outside the database: nothing is taken out of its midst unseen, no half line ruins it, it lies elsewhere."""

from __future__ import annotations

import msgspec
import pytest

from explainer.access import Role
from explainer.errors import ErasureError
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.reapply import prepare_erasing, reapply
from explainer.storage.base import now
from tests.databases import ON_POSTGRESQL
from tests.integration.staff import staff_of


def line(n):
    return Line(f"11111111-2222-4333-8444-{n:012d}", f"{n:064d}", now())


@pytest.fixture
def kept(tmp_path):
    return ErasureList(tmp_path / "erasures.jsonl", ErasureKey.new())


def filled(kept, *numbers):
    added = [line(n) for n in numbers]
    for one in added:
        kept.add(one)
    return added


def test_a_line_that_was_taken_out_is_missed_wherever_it_was_but_at_the_end(kept):
    added = filled(kept, 1, 2, 3, 4)
    assert kept.lines() == added
    whole = kept.path.read_bytes().splitlines(keepends=True)
    for gone in (0, 1, 2):
        kept.path.write_bytes(b"".join(whole[:gone] + whole[gone + 1 :]))
        with pytest.raises(ErasureError, match=f"line {gone + 1}: the line that was before it is missing"):
            kept.lines()
    kept.path.write_bytes(b"".join(whole[:3]))
    assert kept.lines() == added[:3]


def test_an_erasure_that_was_cut_off_the_end_is_missed_by_the_database(explainer, database, tmp_path, caplog):
    key = ErasureKey.new()
    erasing = Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key))
    for user in ("u1", "u2"):
        erase(database, erasing, user, "test")
    path = erasing.list.path
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert reapply(database, erasing) == []
    assert "1 erasures of the database are not on the erasure list" in caplog.text


def test_lists_of_two_hosts_are_joined_in_any_order_and_go_on(kept, tmp_path):
    other = ErasureList(tmp_path / "other.jsonl", kept.key)
    mine, theirs = filled(kept, 1, 2), filled(other, 3, 4)
    kept.path.write_bytes(other.path.read_bytes() + kept.path.read_bytes())
    assert kept.lines() == [*theirs, *mine]
    more = filled(kept, 5)
    assert kept.lines() == [*theirs, *mine, *more]


def test_a_list_from_before_lines_were_chained_goes_on_and_its_last_line_is_missed(kept):
    old = [line(1), line(2)]
    sealed = [{"line": one, "seal": kept.key.seal(msgspec.json.encode(one, order="deterministic"))} for one in old]
    before = [msgspec.json.encode(one) + b"\n" for one in sealed]
    kept.path.write_bytes(b"".join(before))
    new = filled(kept, 3)
    assert kept.lines() == [*old, *new]
    kept.path.write_bytes(kept.path.read_bytes().replace(before[1], b""))
    with pytest.raises(ErasureError, match="line 2: the line that was before it is missing"):
        kept.lines()


@pytest.mark.parametrize("begun", [0, 2], ids=["the first line", "a later one"])
def test_half_a_line_that_a_power_cut_left_is_left_out_and_the_next_is_whole(kept, begun, caplog):
    added = filled(kept, *range(begun))
    before = kept.path.read_bytes() if begun else b""
    filled(kept, 8)
    kept.path.write_bytes(kept.path.read_bytes()[:-20])
    assert kept.lines() == added
    more = filled(kept, 9)
    assert kept.lines() == [*added, *more]
    assert kept.path.read_bytes().startswith(before)
    assert "half a line" in caplog.text


def test_a_whole_line_without_its_end_stays(kept):
    added = filled(kept, 1, 2)
    kept.path.write_bytes(kept.path.read_bytes().rstrip(b"\n"))
    assert kept.lines() == added
    more = filled(kept, 3)
    assert kept.lines() == [*added, *more]


def test_nothing_is_added_to_what_is_no_list_and_nothing_of_it_goes(kept):
    filled(kept, 1)
    good = kept.path.read_bytes()
    for bad in (b"no list" * 1000, good + b"rubbish\n", good.replace(b'"code":"', b'"code":"9')):
        kept.path.write_bytes(bad)
        with pytest.raises(ErasureError, match="line"):
            kept.add(line(2))
        assert kept.path.read_bytes() == bad


@pytest.mark.skipif(ON_POSTGRESQL, reason="what is copied is a file")
@pytest.mark.parametrize("beside", [True, False])
def test_a_list_that_would_be_restored_with_the_database_is_warned_of(
    explainer, database, tmp_path, tmp_path_factory, caplog, beside
):
    folder = tmp_path / "checkpoints" if beside else tmp_path_factory.mktemp("elsewhere")
    key = ErasureKey.new()
    erasing = Erasing(key, ErasureList(folder / "erasures.jsonl", key))
    prepare_erasing(database, erasing)
    assert ("EXPLAINER_ERASURE_LIST" in caplog.text) is beside
    admin = staff_of(explainer, Role.ADMIN, "/admin/", erasing=erasing)
    shown = admin.see("/admin/").text
    admin.client.__exit__(None, None, None)
    assert ("lies under the folder of the database" in shown) is beside
