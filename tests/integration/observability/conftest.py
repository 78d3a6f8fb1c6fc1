"""A key of each role."""

from __future__ import annotations

import pytest

from explainer.access import Role
from explainer.access.keys import create_key


@pytest.fixture
def keys(database):
    with database.session() as session:
        return {role: create_key(session, role.value, role) for role in Role}
