"""What the owner of the key alters in a package and signs anew is found all the same."""

from __future__ import annotations

import hashlib

import msgspec
import polars as pl
import pytest

from explainer.audit.verify import TamperError
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Manifest
from explainer.storage.listing import Search
from tests.integration.package.acting import KEY, fault, ids, leave_out, lines, resign, rewrite

MORE_THAN_NOBODY_S = 5
"""So many are drawn that one has evidence: the four of somebody without a history have none."""


def double(held):
    held.insert(1, held[1])


def swap(held):
    held[0], held[1] = held[1], held[0]


def lie(held):
    held[0]["explanation"]["text"] = "Lies."


def shift(held):
    held[0]["entries"][0]["seq"] += 1


def recount(held):
    held[0]["private"] = {"health": 3}


def disown(held):
    held[0]["entries"][0]["matches"] = False


def rewrite_draft(held):
    held[0]["explanation"]["draft"] = "Buy {item}!"


def add_slot(held):
    evidence = next(one["evidence"] for one in held if one["evidence"])
    evidence.append(evidence[0])


def redigest(held):
    held[0]["entries"][0]["digest"] = "0" * 64


@pytest.mark.parametrize("change", [double, swap, lie, shift, redigest, recount, disown, rewrite_draft, add_slot])
@pytest.mark.parametrize("sampled", [False, True])
def test_what_the_owner_of_the_key_signs_anew_is_found_all_the_same(pack, change, sampled):
    out = pack("s", MORE_THAN_NOBODY_S) if sampled else pack()
    rewrite(out, names.RECORDS, change)
    resign(out, explanations=len(lines(out)))
    with pytest.raises(PackageTamperError) as raised:
        check_package(out, KEY)
    assert raised.value.fault in {PackageFault.RECORD, PackageFault.SELECTION}


def test_a_record_that_is_left_out_of_a_sample_is_missed(pack):
    out = pack("s", 5)
    left = ids(out)[0]
    leave_out(out, "explanation.created")
    with pytest.raises(PackageTamperError, match="not the one that the seed draws") as raised:
        check_package(out, KEY)
    assert (raised.value.fault, raised.value.where) == (PackageFault.SELECTION, ids(out)[0])
    assert left not in ids(out)


def test_a_forged_record_with_a_forged_proof_is_found_by_the_log(pack):
    out = pack()

    def forge(held):
        statement = msgspec.json.decode(held[0]["digested"]) | {"text": "Lies."}
        import rfc8785

        held[0]["digested"] = rfc8785.dumps(statement).decode()

    rewrite(out, names.RECORDS, lie)
    rewrite(out, names.RECORDS, lambda held: held[0]["explanation"].update(draft="Lies."))
    rewrite(out, names.SALTS, forge)
    proof = lines(out, names.SALTS)[0]
    digest = hashlib.sha256(bytes.fromhex(proof["salt"]) + proof["digested"].encode()).hexdigest()
    rewrite(out, names.RECORDS, lambda held: held[0]["entries"][0].update(digest=digest))
    resign(out)
    assert fault(out) == (PackageFault.RECORD, "entry 1")


def test_a_log_that_was_forged_to_fit_is_found_by_its_checkpoints(pack):
    out = pack(user="nobody")
    rewrite(out, names.LOG, lambda held: held[0].update(digest="0" * 64))
    resign(out)
    with pytest.raises(TamperError):
        check_package(out, KEY)


def test_ids_that_were_left_out_before_the_draw_are_counted(pack):
    out = pack("s", 5)
    (out / names.IDS).write_text("".join(f"{one}\n" for one in sorted(ids(out))))
    resign(out)
    assert fault(out) == (PackageFault.SELECTION, names.IDS), "there are fewer than the manifest says"
    sample = msgspec.json.decode((out / names.MANIFEST).read_bytes(), type=Manifest).sample
    resign(out, sample=msgspec.structs.replace(sample, found=5))
    assert fault(out)[0] is PackageFault.INCOMPLETE, "and than the log knows"


def test_an_id_of_nothing_that_was_made_is_found(pack):
    out = pack("s", 2)
    held = (out / names.IDS).read_text().split()
    left = next(one for one in held if one not in ids(out))
    (out / names.IDS).write_text("".join(f"{one}\n" for one in sorted([*(set(held) - {left}), "0" * 36])))
    resign(out)
    with pytest.raises(PackageTamperError) as raised:
        check_package(out, KEY)
    assert raised.value.fault is PackageFault.SELECTION


def test_prompts_that_are_not_what_their_version_says_are_found(pack, database, rows):
    out = pack()

    def change(held):
        templates = held[0]["prompts"][0]["templates"]
        templates.update({name: f"{text} Lies." for name, text in templates.items()})

    rewrite(out, names.PROVENANCE, change)
    resign(out)
    assert fault(out) == (PackageFault.RECORD, names.PROVENANCE)


def test_records_that_the_search_does_not_find_are_found(pack):
    out = pack()
    resign(out, search=Search(user="u1"))
    assert fault(out)[0] is PackageFault.SELECTION


def test_a_table_that_says_something_else_is_found(pack):
    for change in (
        lambda table: table.with_columns(text=pl.lit("Lies.")),
        lambda table: table.drop("text"),
        lambda table: table.head(3),
        lambda table: pl.concat([table, table]),
    ):
        out = pack()
        change(pl.read_parquet(out / names.TABLE)).write_parquet(out / names.TABLE)
        resign(out)
        assert fault(out) == (PackageFault.TABLE, names.TABLE)
