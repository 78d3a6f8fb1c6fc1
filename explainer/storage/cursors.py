"""Cursors: the place after which a page begins, as text that says nothing to whoever holds it."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from explainer.errors import CursorError

NOT_OURS = "This cursor is none of ours; begin again without one."
_Place = TypeVar("_Place", bound=msgspec.Struct)


def encoded(place: msgspec.Struct) -> str:
    """Return the cursor of a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decoded(cursor: str, kind: type[_Place]) -> _Place:
    """Return the place of a cursor.

    Raises:
        CursorError: If it is none of ours.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise CursorError(NOT_OURS) from error
