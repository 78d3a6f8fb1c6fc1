"""Names of operations, made of method and path: these are promised to programs, names of functions are not."""

from __future__ import annotations

import re

from litestar.handlers import HTTPRouteHandler
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

_UNNAMED = frozenset({"v1"})
_NO_WORD = re.compile(r"\W+")


def operation_id(_: HTTPRouteHandler, method: Method, path: list[str | PathParameterDefinition]) -> str:
    """Return e.g. ``get_user_recommendations`` for GET /v1/users/{user}/recommendations."""
    words = [method.lower()]
    for step in path:
        if isinstance(step, PathParameterDefinition):
            words[-1] = words[-1].removesuffix("s")  # one of them
        elif step not in _UNNAMED:
            words.append(step)
    return _NO_WORD.sub("_", "_".join(words))
