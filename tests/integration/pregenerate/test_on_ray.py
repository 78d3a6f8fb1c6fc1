"""The same rows by another runner."""

from __future__ import annotations

from functools import partial

import pytest

from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.style import Style
from tests.integration.pregenerate.acting import K, Typist, over, stages_of, writer_of
from tests.integration.pregenerate.checks import USERS, all_of, in_order, pregenerate, require_each_once
from tests.integration.pregenerate.troubled import Broken


def test_on_ray_the_rows_are_the_same(server, database, new_database, models, model):
    pytest.importorskip("ray.data", reason="Ray is not installed")
    from explainer.service.pregenerate.on_ray import run_ray

    steps = []
    counts = run_ray(
        partial(stages_of, database.url, models),
        partial(writer_of, database.url),
        Style(),
        USERS[:12],
        lambda *step: steps.append(step),
        1,
        storing=1 if server is None else 2,
    )
    local = over(new_database(), model, Typist())
    pregenerate(local, USERS[:12])
    rows = all_of(database, ExplanationRow)
    require_each_once(database, rows)
    assert in_order(rows) == in_order(all_of(local.database, ExplanationRow))
    found = counts.summary(1.0)
    assert (found.users, found.stored, found.failed) == (12, 12 * K, 0)
    assert found.cpu_s_per_1000 > 0
    assert steps[-1][1:] == (12, 12)


def test_what_fails_on_ray_is_told_in_our_words_and_without_anybody_s(server, database):
    if server is not None:
        pytest.skip("no database is asked")
    pytest.importorskip("ray.data", reason="Ray is not installed")
    from explainer.service.pregenerate.on_ray import RayRunError, run_ray

    with pytest.raises(RayRunError, match="run it again to go on: A process failed to prepare: LookupError") as told:
        run_ray(Broken, partial(writer_of, database.url), Style(), USERS[:2], lambda *_: None, 1)
    assert "Hill Road" not in str(told.value)
