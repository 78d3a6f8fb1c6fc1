"""What people and keys may be called: what stands on record, in tables and on pages."""

from __future__ import annotations

from explainer.access.purposes import is_line
from explainer.errors import AccessError
from explainer.storage.staff import PREFIX

LONGEST_NAME = 200
"""Characters; so many are kept."""


def check_name(name: str) -> None:
    """Check that a person or a key can be called so.

    Raises:
        AccessError: If the name says nothing, is too long, has what no line of text has, or can be taken for the id of
            somebody who was removed.
    """
    if not is_line(name, LONGEST_NAME):
        raise AccessError(
            f"A name has 1 to {LONGEST_NAME} characters, other than spaces alone, and no control characters among "
            "them; choose another one."
        )
    if name.startswith(PREFIX):
        raise AccessError(f"A name cannot begin with {PREFIX!r}: so do the ids that stand for people on record.")
