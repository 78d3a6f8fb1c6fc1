"""Origins of web pages as browsers send them (RFC 6454, 6.2): scheme://host, with a port that is not the usual one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_USUAL = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def origins_from(given: str | Iterable[str]) -> frozenset[str]:
    """Return the origins in a list, or in a text that has commas or spaces between them.

    Raises:
        ValueError: If one is no origin that a browser would send.
    """
    listed = given.replace(",", " ").split() if isinstance(given, str) else given
    return frozenset(origin_from(one) for one in listed)


def origin_from(given: str) -> str:
    """Return the origin as it was given.

    Raises:
        ValueError: If no browser would send it like this: then it would never match.
    """
    wanted = "write it as scheme://host or scheme://host:port, e.g. https://shop.example"
    if not isinstance(given, str) or not _ORIGIN.fullmatch(given):
        raise ValueError(
            f"{given!r} is not the origin of a web page: {wanted}; in small letters, without path, without *"
        )
    parts = urlsplit(given)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{given!r} has a port that there is not: {wanted}") from error
    if port == _USUAL[parts.scheme]:
        raise ValueError(f"{given!r} names the usual port, which browsers leave out: {wanted}")
    return given
