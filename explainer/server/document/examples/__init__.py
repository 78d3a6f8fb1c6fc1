"""Examples of what the API takes and gives, by type: one customer, Ines, and what a shop of films shows her.

Who adds a handler adds an example of its answer and of its body to a file here; a test finds what has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.document.examples import (
    audit,
    catalogue,
    embed,
    explanations,
    parameters,
    reviews,
    service,
    subjects,
    users,
)

EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    **audit.EXAMPLES,
    **catalogue.EXAMPLES,
    **embed.EXAMPLES,
    **explanations.EXAMPLES,
    **parameters.EXAMPLES,
    **reviews.EXAMPLES,
    **service.EXAMPLES,
    **subjects.EXAMPLES,
    **users.EXAMPLES,
}
"""Type of a body or an answer → values of it."""

TEXTS: Mapping[str, str] = {
    **audit.TEXTS,
    **service.TEXTS,
    **explanations.TEXTS,
    **subjects.TEXTS,
}
"""Id of an operation that answers with text → what it says."""
