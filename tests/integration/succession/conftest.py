"""Two adapters, the first of which is in production."""

from __future__ import annotations

import pytest

from explainer.registry.adapters import AdapterRegistry
from tests.integration.succession.acting import (
    BASE,
    adapter,
)


@pytest.fixture
def registry(database, tmp_path):
    """Two adapters are registered, and the first is in production."""
    made = AdapterRegistry(database, lambda: BASE)
    made.versions = [adapter(tmp_path / name, number)[1] for number, name in enumerate("ab")]
    for name in "ab":
        made.add(tmp_path / name)
    made.promote(made.versions[0])
    return made
