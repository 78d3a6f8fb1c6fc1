"""Whatever was done to the log is found, and where."""

from __future__ import annotations

from datetime import datetime

import pytest

from explainer.audit.sources import stored_entries
from explainer.audit.verify import Fault, TamperError
from tests.integration.audit_log.acting import ENTRIES, PLACES, fault, rewrite, verified
from tests.integration.tampering import tamper


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("column", ["event", "record_id", "digest", "leaf"])
def test_an_edit_is_found_at_its_entry(signed, folder, place, column):
    tamper(signed, f"UPDATE audit_entries SET {column} = 'x' || substr({column}, 2) WHERE seq = {place}")
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_another_time_is_found_at_its_entry(signed, folder, place):
    tamper(signed, f"UPDATE audit_entries SET at = '2020-01-01 00:00:00.000000' WHERE seq = {place}")
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_deletion_is_found(signed, folder, place):
    tamper(signed, f"DELETE FROM audit_entries WHERE seq = {place}")
    expected = (Fault.TRUNCATED, ENTRIES) if place == ENTRIES else (Fault.MISSING, place)
    assert fault(signed, folder) == expected


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_deletion_with_new_numbers_is_found(signed, folder, place):
    tamper(
        signed,
        f"DELETE FROM audit_entries WHERE seq = {place}",
        f"UPDATE audit_entries SET seq = -seq + 1 WHERE seq > {place}",
        "UPDATE audit_entries SET seq = -seq WHERE seq < 0",
    )
    expected = (Fault.TRUNCATED, ENTRIES) if place == ENTRIES else (Fault.ALTERED, place)
    assert fault(signed, folder) == expected


@pytest.mark.parametrize("place", [1, 17, ENTRIES - 1])
def test_two_entries_that_change_places_are_found(signed, folder, place):
    tamper(
        signed,
        f"UPDATE audit_entries SET seq = -1 WHERE seq = {place}",
        f"UPDATE audit_entries SET seq = {place} WHERE seq = {place + 1}",
        f"UPDATE audit_entries SET seq = {place + 1} WHERE seq = -1",
    )
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", [0, -3])
def test_an_entry_before_the_first_is_found(signed, folder, place):
    copied = f"SELECT {place}, event, record_id, digest, at, leaf FROM audit_entries WHERE seq = 1"
    tamper(signed, f"INSERT INTO audit_entries (seq, event, record_id, digest, at, leaf) {copied}")
    assert fault(signed, folder) == (Fault.ORDER, place)


@pytest.mark.parametrize("cut", [1, 5, 20, 31, ENTRIES])
def test_a_cut_tail_is_found(signed, folder, cut):
    tamper(signed, f"DELETE FROM audit_entries WHERE seq > {ENTRIES - cut}")
    assert fault(signed, folder) == (Fault.TRUNCATED, ENTRIES - cut + 1)


@pytest.mark.parametrize("place", [*PLACES.values(), 8, 9, 20])
@pytest.mark.parametrize("attack", ["edit", "insert", "drop"])
def test_a_forgery_that_fits_together_is_found_by_the_next_checkpoint(signed, folder, place, attack):
    """Whoever owns the database can make every hash fit; the signed roots they cannot."""
    with signed.session() as session:
        entries = [(e.event, e.record_id, e.digest, datetime.fromisoformat(e.at)) for e in stored_entries(session)]
    if attack == "edit":
        entries[place - 1] = ("test.forged", *entries[place - 1][1:])
    elif attack == "insert":
        entries.insert(place - 1, ("test.forged", *entries[0][1:]))
    else:
        del entries[place - 1]
    rewrite(signed, entries)
    with pytest.raises(TamperError) as raised:
        verified(signed, folder)
    if attack == "drop" and place == ENTRIES:
        assert raised.value.fault is Fault.TRUNCATED
    else:
        assert raised.value.fault is Fault.FORKED
        assert raised.value.seq <= place


@pytest.mark.parametrize("change", ["UPDATE audit_nodes SET hash = 'x' || substr(hash, 2)", "DELETE FROM audit_nodes"])
@pytest.mark.parametrize("where", ["level = 1 AND place = 0", "level = 2 AND place = 4", "level = 5 AND place = 0"])
def test_an_altered_tree_is_found_where_the_entries_fit(signed, folder, change, where):
    tamper(signed, f"{change} WHERE {where}")
    assert fault(signed, folder)[0] is Fault.NODE
