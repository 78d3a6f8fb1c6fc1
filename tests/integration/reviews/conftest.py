"""All roles' keys, how to ask with them, and a text that a model wrote and that waits for a reviewer."""

from __future__ import annotations

import pytest

from tests.integration.test_suppress import asking, explained
from tests.integration.watched import Scripted, keys_of, model_draft, one_cause, writing


@pytest.fixture
def keys(database):
    return keys_of(database)


@pytest.fixture
def ask(database, explainer, keys):
    return asking(database, explainer, keys)


@pytest.fixture
def written(database, model, explainer, keys):
    """How to ask a pipeline whose model writes, of which everything is sampled, and an explanation that it wrote."""
    user, item, aspect = one_cause(explainer)
    pipeline = writing(database, model, Scripted(model_draft(aspect)))
    pipeline.review_percent = 100.0
    ask = asking(database, pipeline, keys)
    one = explained(ask, user, item=item)
    assert one["source"] == "model", one["gate_failures"]
    return ask, one
