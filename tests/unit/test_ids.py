"""Ids that begin with their time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from explainer.storage.ids import id_at, span_of

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = st.integers(0, 16 * 10**15).map(lambda us: _BEGIN + timedelta(microseconds=us))  # to the year 2477
_RFC_MOMENT = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))


def test_the_rfc_s_example_has_the_same_time_version_and_variant():
    assert id_at(_RFC_MOMENT)[:15] == "017f22e2-79b0-7"
    assert uuid.UUID(id_at(_RFC_MOMENT)).variant == uuid.RFC_4122


@given(_MOMENTS)
def test_an_id_is_one_of_version_7_with_its_millisecond(moment):
    made = uuid.UUID(id_at(moment))
    assert (made.version, made.variant, len(str(made))) == (7, uuid.RFC_4122, 36)
    assert _BEGIN + timedelta(milliseconds=made.int >> 80) == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )


@given(_MOMENTS, st.integers(1, 10**12))
def test_ids_are_in_the_order_of_time(moment, later):
    assert id_at(moment) < id_at(moment + timedelta(milliseconds=later))


def test_ids_of_one_moment_differ_and_use_all_their_random_bits():
    made = [uuid.UUID(id_at(_RFC_MOMENT)).int for _ in range(2000)]
    assert len(set(made)) == len(made)
    always, ever = made[0], 0
    for one in made:
        always, ever = always & one, ever | one
    assert (always ^ ever).bit_count() == 74


def test_an_id_tells_in_which_millisecond_it_was_made_and_others_tell_nothing():
    begin, end = span_of(id_at(_RFC_MOMENT))
    assert begin <= _RFC_MOMENT < end == begin + timedelta(milliseconds=1)
    for other in (str(uuid.uuid4()), "", "x" * 36, "ffffffff-ffff-7000-8000-000000000000"):
        assert span_of(other) is None
