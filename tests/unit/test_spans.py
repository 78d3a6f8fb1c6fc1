"""An entry is covered by a removal that names its number and may have taken it, whatever others name it, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest

from explainer.audit.spans import Spans
from explainer.service.aged import Aged
from explainer.storage.base import now
from explainer.storage.ids import id_at

NOW = now()


@dataclass(frozen=True)
class Only:
    event: str

    def allows(self, event, record_id, at):
        return event == self.event


@pytest.mark.parametrize("seed", range(20))
def test_spans_that_overlap_are_all_looked_at(seed):
    random = Random(seed)
    limits = [None, Only("a"), Only("b")]
    found = [(first := random.randint(1, 60), first + random.randint(0, 12), random.choice(limits)) for _ in range(12)]
    spans = Spans(found)
    for seq in range(75):
        for event in ("a", "b", "c"):
            mine = any(lo <= seq <= hi and (x is None or x.event == event) for lo, hi, x in found)
            assert spans.cover(seq, event, "r", NOW) is mine, (seq, event, found)


@pytest.mark.parametrize(
    ("kind", "event", "record_id", "made", "allowed"),
    [
        ("explanations", "explanation.created", id_at(NOW - timedelta(seconds=1)), timedelta(hours=1), True),
        ("explanations", "explanation.created", id_at(NOW + timedelta(seconds=1)), timedelta(0), False),
        ("explanations", "explanation.created", "of before ids told it", timedelta(minutes=-11), True),
        ("explanations", "explanation.created", "of before ids told it", timedelta(minutes=11), False),
        ("explanations", "explanation.suppressed", id_at(NOW - timedelta(days=9)), timedelta(days=9), True),
        ("explanations", "explanation.suppressed", "of before ids told it", timedelta(days=9), True),
        ("explanations", "feedback.given", "f", timedelta(days=9), True),
        ("explanations", "record.viewed", "v", timedelta(days=-9), False),
        ("views", "record.viewed", "v", timedelta(minutes=9), True),
        ("views", "record.viewed", "v", timedelta(minutes=11), False),
        ("comments", "feedback.given", "f", timedelta(minutes=11), False),
        ("drafts", "explanation.created", "e", timedelta(days=-9), False),
    ],
    ids=map(str, range(12)),  # its ids are made anew in each process
)
def test_what_an_entry_tells_of_its_age_is_held_against_a_retention(kind, event, record_id, made, allowed):
    assert Aged(kind, NOW).allows(event, record_id, NOW + made) is allowed
