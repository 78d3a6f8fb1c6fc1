"""``EXPLAINER_OPENAI_URL``: one server, or several with commas between them, and how much each takes at once.

``http://gpu-1:8000/v1;limit=32, http://gpu-2:8000/v1`` are two servers; the second takes the usual limit. A limit
stands beside its URL, so that lists in two settings cannot get out of step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from explainer.errors import SettingsError

_LIMIT = re.compile(r"limit=([1-9]\d{0,4})")
_HOW = "EXPLAINER_OPENAI_URL holds URLs with commas between them, each with ;limit=NUMBER behind it or not:"
_EXAMPLE = "http://gpu-1:8000/v1;limit=32, http://gpu-2:8000/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """One server of the setting.

    Attributes:
        url: Its base URL, unchecked.
        limit: Requests that may be under way to it at once; None for the usual number.
    """

    url: str
    limit: int | None = None


def addresses(setting: str) -> tuple[Address, ...]:
    """Return the servers of a setting, in its order.

    Raises:
        SettingsError: If it is empty or cannot be read. It quotes nothing: somebody may have put a password there.
    """
    found = tuple(_address(part.strip()) for part in setting.split(",") if part.strip())
    if not found:
        raise SettingsError(f"EXPLAINER_OPENAI_URL is not set. {_HOW} {_EXAMPLE}")
    return found


def _address(part: str) -> Address:
    url, *options = (piece.strip() for piece in part.split(";"))
    if not options:
        return Address(url)
    limit = _LIMIT.fullmatch(options[0])
    if limit is None or len(options) > 1:
        raise SettingsError(f"{_HOW} {_EXAMPLE}")
    return Address(url, int(limit[1]))
