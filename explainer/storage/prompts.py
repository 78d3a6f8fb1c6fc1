"""Prompt versions in SQL: kept word for word, and used instead of what lies on disk once one is promoted."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError, PromptError
from explainer.storage.changes import InUse, in_use
from explainer.storage.database import Database
from explainer.storage.lookup import SHOWN
from explainer.storage.version_tables import PromptVersionRow
from explainer.writing.choice import is_sent_over
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style

PROMPT = "prompt"
"""The kind of a registry change that is about prompts."""


def prompt_versions(session: Session) -> list[PromptVersionRow]:
    """Return all stored versions, oldest first."""
    return list(session.scalars(select(PromptVersionRow).order_by(PromptVersionRow.created_at)))


def library_of(row: PromptVersionRow) -> PromptLibrary:
    """Return a stored version as a library.

    Raises:
        PromptError: If its templates are not the ones that its version is the hash of.
    """
    library = PromptLibrary(sources=row.templates, origin=f"the stored version {row.version[:SHOWN]}")
    if library.version(Style(row.locale, row.audience)) != row.version:
        raise PromptError(
            f"The stored templates of prompt version {row.version[:SHOWN]} were altered: their hash is another. "
            "Promote a version that is whole; see: explainer prompts list"
        )
    return library


class SqlPromptChoice:
    """Chooses each user's prompts (see :class:`~explainer.writing.choice.PromptChoice`).

    What is in use is looked up at every call, so a promotion counts at once in every process; versions never change,
    so each is read and compiled once.

    Args:
        database: Where versions and what is in use are kept.
        disk: The templates until a version is promoted.
    """

    def __init__(self, database: Database, disk: PromptLibrary) -> None:
        self._database = database
        self._disk = disk
        self._compiled: dict[str, PromptLibrary] = {}

    def for_user(self, user: str, style: Style) -> PromptLibrary:
        """Return the prompts that this user's texts are written with, now."""
        with self._database.look() as connection:
            version = version_for(user, in_use(connection, PROMPT, str(style)))
        return self._disk if version is None else self._stored(version)

    def of_version(self, version: str, style: Style) -> PromptLibrary:
        """Return the prompts of a version that some user got before."""
        return self._disk if self._disk.version(style) == version else self._stored(version)

    def _stored(self, version: str) -> PromptLibrary:
        if version not in self._compiled:
            with self._database.session() as session:
                self._compiled[version] = library_of(_get(session, version))
        return self._compiled[version]


def version_for(user: str, use: InUse) -> str | None:
    """Return the version that a user gets; None is what lies on disk."""
    if use.split is None or use.percent is None:
        return use.version
    return use.other if is_sent_over(user, use.split, use.percent) else use.version


def _get(session: Session, version: str) -> PromptVersionRow:
    row = session.get(PromptVersionRow, version)
    if row is None:
        raise NotFoundError(
            f"Prompt version {version[:SHOWN]} was in use, but is not stored any more. Promote another."
        )
    return row
