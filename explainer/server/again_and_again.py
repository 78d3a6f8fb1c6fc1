"""What is looked after again and again must go on, whatever one look met."""

from __future__ import annotations

import logging
from collections.abc import Callable

from explainer.errors import ExplainerError

_LOG = logging.getLogger(__name__)


def quietly(look: Callable[[], None], level: int = logging.DEBUG) -> None:
    """Look once, and only log what keeps that from being done: the next look comes soon.

    Args:
        look: What may raise anything.
        level: At which it is logged that the database is away; by default nobody reads it, as whoever asks is told.
    """
    try:
        look()
    except ExplainerError as error:
        _LOG.log(level, "The database cannot be used now (%s); this is tried again", type(error).__name__)
    except Exception:  # noqa: BLE001  or nobody would look again until the process is started anew
        _LOG.exception("This process could not keep up; it tries again")
