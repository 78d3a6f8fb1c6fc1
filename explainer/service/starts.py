"""That a process began to serve is on record, with every setting but secrets: what an auditor asks for first.

So is that it writes with another adapter since: from which text on, the texts' own versions say.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from explainer import __version__
from explainer.audit import log
from explainer.errors import SettingsError
from explainer.pipeline import Explainer
from explainer.service.presence import here
from explainer.service.subject.records import start_record
from explainer.settings import Settings
from explainer.storage.base import now
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.service_tables import StartRow
from explainer.writing.engines.addresses import addresses

_log = logging.getLogger(__name__)


def note_start(settings: Settings, explainer: Explainer) -> None:
    """Put the start of a process that serves on record.

    It is warned if its recommender was fitted with somebody who was erased since.
    """
    version = explainer.model.version
    with explainer.database.session() as session:
        _note(session, "service.started", settings, explainer)
        erased = sum(version in trained for trained in session.scalars(select(ErasureRow.training)))
    if erased:
        _log.warning(
            "%d people were erased since the recommender was fitted; fit it without them: explainer fit", erased
        )


def note_writer(settings: Settings, explainer: Explainer) -> None:
    """Put on record that a process that serves writes with another adapter from now on."""
    with explainer.database.session() as session:
        _note(session, "service.writer_changed", settings, explainer)


def _note(session: Session, event: str, settings: Settings, explainer: Explainer) -> None:
    row = StartRow(
        at=now(),
        settings=public_settings(settings),
        release=__version__,
        recommender=explainer.model.version,
        writer=explainer.writer_version,
        place=here(),
    )
    session.add(row)
    session.flush()
    log.append(session, event, row.id, start_record(row))


def public_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting as plain JSON, without secrets: keys, and passwords in addresses."""
    shown = settings.model_dump(mode="json")
    for name in type(settings).model_fields:
        if isinstance(getattr(settings, name), SecretStr):
            shown[name] = "set"
    # What stands behind the question mark may be a password, too.
    shown["database_url"] = _plain(settings.url)
    shown["database_replicas"] = [_plain(url) for url in settings.database_replicas]
    shown["database_direct"] = settings.database_direct and _plain(settings.database_direct)
    shown["openai_url"] = _without_passwords(settings.openai_url)
    shown["embed_origins"] = sorted(settings.embed_origins)
    return shown


def _plain(url: str) -> str:
    return make_url(url).set(query={}).render_as_string(hide_password=True)


def _without_passwords(setting: str) -> str:
    try:
        found = [(urlsplit(address.url), address.limit) for address in addresses(setting)]
    except (SettingsError, ValueError):  # ValueError: no URL, for Python
        return "set" if setting else ""
    if any(url.scheme not in {"http", "https"} for url, _ in found):  # the rest of a password with a comma in it
        return "set"
    return ", ".join(_without_password(url) + (f";limit={limit}" if limit else "") for url, limit in found)


def _without_password(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
