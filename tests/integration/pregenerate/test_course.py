"""What a run came to is counted from what it stored: rows, bytes, prompts among texts."""

from __future__ import annotations

from collections import Counter

import pytest

from explainer.bench.course import Clock, course_of, held
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from tests.integration.pregenerate.acting import K
from tests.integration.pregenerate.checks import USERS, all_of, pregenerate


def test_it_counts_what_was_stored(explainer, database):
    before = held(database)
    summary = pregenerate(explainer)
    found = course_of(database, USERS, before, Clock(), 1, K)
    rows = all_of(database, ExplanationRow)
    assert (found.users, found.k, found.pairs) == (24, K, len(rows)) == (24, K, 24 * K)
    assert found.rows["evidence"] == len(all_of(database, EvidenceRow))
    assert found.rows["audit_entries"] == 24 * K
    asked = Counter(row.prompt_hash for row in rows if row.prompt_hash)
    assert found.asked == asked.total()
    assert found.counts[-1] == (asked.total(), len(asked)) == (found.asked, summary.prompts)
    assert [sorted(one) for one in zip(*found.counts, strict=True)] == [
        list(one) for one in zip(*found.counts, strict=True)
    ]
    assert found.stored_bytes > 24 * K * (100 + found.bytes_per_behaviour * found.behaviours)
    spoken = sum(len(row.contributions) for row in rows)
    assert found.behaviours == pytest.approx(spoken / len(rows))
    assert 20 < found.bytes_per_behaviour < 200
    assert found.database == database.engine.dialect.name


def test_nothing_written_has_no_counts(database):
    found = course_of(database, [], held(database), Clock(), 1, K)
    assert (found.pairs, found.asked, found.counts, found.behaviours) == (0, 0, (), 0.0)
