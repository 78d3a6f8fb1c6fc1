"""Who sits at the command line, for the record: there nobody signs in, so it is whom the operating system knows."""

from __future__ import annotations

import os
import pwd


def operator() -> str:
    """Return e.g. ``command line (sue)``; the user's number where the operating system has no name for it.

    The name is that of the process' own user, whatever the environment says of it.
    """
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return f"command line ({name})"
