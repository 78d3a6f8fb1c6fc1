"""Stages that go wrong, for tests of who runs them.

Apart from those tests: a process that is started for a class imports its module first.
"""

from __future__ import annotations

import os
import signal

from explainer.errors import NotReadyError


class Fatal:
    """Stages that end their process."""

    def prepare(self, users):
        os.kill(os.getpid(), signal.SIGKILL)


class Unready:
    """Cannot be made."""

    def __init__(self):
        raise NotReadyError("fit first: explainer fit")


class Surprised:
    """Stages that nobody has foreseen."""

    def prepare(self, users):
        raise LookupError("a stage of its own")


class Broken:
    """Stages that nobody foresaw, with a person's words in what they say of it."""

    def __init__(self, *_):
        pass

    def prepare(self, users):
        raise LookupError(f"{users[0]} lives at 12 Hill Road")
