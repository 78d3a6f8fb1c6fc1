"""What was made and is not in a package is missed, where that can be told; what was removed since is not."""

from __future__ import annotations

import uuid
from datetime import timedelta

import msgspec
import pytest

from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Drawn, Manifest
from explainer.service.package.write import Wanted, write_package
from explainer.service.retention import apply
from explainer.service.suppress import suppress
from explainer.storage.base import now
from explainer.storage.listing import Search
from tests.integration.package.acting import KEY, LOOKER, fault, ids, leave_out, lines, resign, revise, write


def test_an_explanation_that_was_left_out_everywhere_is_missed(pack):
    out = pack()
    seq = leave_out(out, "explanation.created")
    assert fault(out) == (PackageFault.INCOMPLETE, f"entry {seq}")


def test_one_that_a_sample_could_not_draw_is_missed(pack):
    out = pack("s", 5)
    drawn, pool = ids(out), (out / names.IDS).read_text().split()
    left = next(one for one in pool if one not in drawn)
    (out / names.IDS).write_text("".join(f"{one}\n" for one in pool if one != left))
    manifest = msgspec.json.decode((out / names.MANIFEST).read_bytes(), type=Manifest)
    resign(out, sample=msgspec.structs.replace(manifest.sample, found=13))
    assert isinstance(manifest.sample, Drawn)
    with pytest.raises(PackageTamperError, match=left) as raised:
        check_package(out, KEY)
    assert raised.value.fault is PackageFault.INCOMPLETE


@pytest.mark.parametrize("event", ["explanation.revised", "explanation.suppressed", "counterfactual.found"])
def test_what_came_later_and_was_left_out_with_its_entry_is_missed(pack, database, rows, event):
    revise(database, rows[0], "A later text.")
    suppress(database, rows[1].id, "Rude.", "ada")
    out = pack()
    seq = leave_out(out, event)
    assert fault(out) == (PackageFault.RECORD, f"entry {seq}")


@pytest.mark.both
def test_what_had_its_time_is_not_missed(pack, database, rows):
    border = sorted(row.created_at for row in rows)[5]
    apply(database, {"explanations": border})
    found = check_package(pack(), KEY)
    assert (found.manifest.explanations, found.made, found.gone, found.is_judged) == (9, 16, 7, True)


def test_a_removal_that_was_forged_or_left_out_is_found(pack):
    out = pack()
    (removal,) = lines(out, names.REMOVALS)
    for forged in (
        removal | {"row": removal["row"] | {"entries": [[1, 1000]]}},
        removal | {"seq": removal["seq"] - 1},
        removal | {"record_id": "x"},
        removal | {"event": "corpus.exported"},
    ):
        write(out, names.REMOVALS, [forged])
        resign(out)
        assert fault(out)[0] is PackageFault.RECORD
    write(out, names.REMOVALS, [])
    resign(out)
    assert fault(out)[0] is PackageFault.INCOMPLETE


def test_time_narrows_and_the_rest_is_judged(pack, rows):
    moments = sorted(row.created_at for row in rows)
    span = {"since": moments[4] + timedelta(milliseconds=1), "until": moments[-1] - timedelta(milliseconds=1)}
    out = pack(**span)
    inside = sum(span["since"] <= at < span["until"] for at in moments)
    found = check_package(out, KEY)
    assert (found.manifest.explanations, found.is_judged) == (inside, True)
    seq = leave_out(out, "explanation.created")
    assert fault(out) == (PackageFault.INCOMPLETE, f"entry {seq}")


def test_where_more_than_time_narrows_nothing_is_judged(pack):
    out = pack(user="u1")
    leave_out(out, "explanation.created")
    assert not check_package(out, KEY).is_judged


def test_a_package_says_until_when_it_was_searched(pack, rows):
    before = now()
    until = check_package(pack(), KEY).manifest.search.until
    assert before <= until <= now()


def test_ids_that_do_not_tell_their_time_are_judged_by_their_entries(
    explainer, database, packer, tmp_path, monkeypatch
):
    """Explanations from before ids told it."""
    monkeypatch.setattr("explainer.rows.id_at", lambda _: str(uuid.uuid4()))
    explainer.explain_top("u4", 3)
    out = tmp_path / "out"
    write_package(database, packer, Wanted(Search()), LOOKER, out)
    found = check_package(out, KEY)
    assert (found.manifest.explanations, found.made, found.is_judged) == (14 + 3, 16 + 3, True)
    seq = leave_out(out, "explanation.created")
    assert fault(out) == (PackageFault.INCOMPLETE, f"entry {seq}")
