"""An entry as bytes: the quick way writes what the library for canonical JSON writes, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from explainer.audit.entries import entry_bytes, entry_line, moment_of

words = st.text(max_size=40)


@given(st.integers(0, 2**53 - 1), st.datetimes(timezones=st.timezones()), words, words, words)
@example(1, datetime(2026, 1, 1, tzinfo=UTC), '"', "\\", "\x7f")
@example(1, datetime(2026, 1, 1, tzinfo=UTC), "\x1f", "é", "\u2028")
def test_it_is_canonical_json(seq, at, event, record_id, digest):
    moment = moment_of(at) if at.year > 1 and at.year < 9999 else "x"
    value = {"at": moment, "digest": digest, "event": event, "record": record_id, "seq": seq}
    assert entry_line(seq, moment, event, record_id, digest) == rfc8785.dumps(value)


def test_a_moment_is_written_in_utc_to_the_microsecond():
    at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment_of(at) == "2025-12-31T23:30:00.000000+00:00"
    moment = b'"at":"2025-12-31T23:30:00.000000+00:00"'
    assert entry_bytes(1, at, "e", "r", "d") == b"{" + moment + b',"digest":"d","event":"e","record":"r","seq":1}'


class Word(StrEnum):
    SHOWN = "shown"


@pytest.mark.parametrize("event", [Word.SHOWN, "shown"])
def test_a_word_of_an_enumeration_is_the_word(event):
    assert b'"event":"shown"' in entry_line(1, "m", event, "r", "d")


@pytest.mark.parametrize(
    ("seq", "event"),
    [(2**53, "e"), (-(2**53), "e"), (1, "\ud800"), (1, None), (1, 7), (1, b"e"), (None, b"e"), (float("nan"), "e")],
)
def test_what_is_no_entry_cannot_be_written(seq, event):
    with pytest.raises((ValueError, TypeError)):
        entry_line(seq, "m", event, "r", "d")
