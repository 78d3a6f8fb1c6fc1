"""Adapters: added, put into production, rolled back, retired; each change on the record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import ConflictError, RegistryError
from explainer.operator import operator
from explainer.paths import vocabulary_file
from explainer.registry.adapter_files import read_card, require_base, require_unchanged
from explainer.registry.record import note_change
from explainer.storage.adapters import ADAPTER, Label, adapters, get_adapter, production_adapter, put_into_production
from explainer.storage.changes import ON_DISK, Action, InUse, changes, uses
from explainer.storage.corpora import erased_lines
from explainer.storage.database import Database
from explainer.storage.lookup import SHOWN
from explainer.storage.version_tables import AdapterRow, RegistryChangeRow
from explainer.writing.style import CUSTOMER

_LONGEST_NAME = 200

_LOCALE = re.compile("[A-Za-z0-9_-]{1,20}")


class AdapterRegistry:
    """The adapters of one database.

    Args:
        database: Where they are registered.
        base_hash: Returns the hash of the base model in use; called when an adapter is added or used.
        by: Who makes the changes; whoever is at the command line by default.
    """

    def __init__(self, database: Database, base_hash: Callable[[], str], by: str | None = None) -> None:
        self._database = database
        self._base_hash = base_hash
        self._by = by or operator()

    def changed_by(self, name: str) -> AdapterRegistry:
        """Return the same registry, whose changes that person or program makes."""
        return AdapterRegistry(self._database, self._base_hash, name)

    def all(self) -> list[AdapterRow]:
        """Return all adapters, oldest first."""
        with self._database.session() as session:
            return adapters(session)

    def get(self, version: str) -> AdapterRow:
        """Return one adapter by its version or the first characters of it.

        Raises:
            NotFoundError: If there is none, or more than one.
        """
        with self._database.session() as session:
            return get_adapter(session, version)

    def history(self, locale: str) -> list[RegistryChangeRow]:
        """Return every change of a locale's adapters, oldest first."""
        with self._database.session() as session:
            return changes(session, ADAPTER, locale)

    def add(self, folder: Path, name: str | None = None, locale: str = "en") -> tuple[AdapterRow, bool]:
        """Register the adapter in a folder; of a known one, remember the new place.

        Returns:
            The adapter, and whether anything is new.

        Raises:
            RegistryError: If the folder holds no whole adapter, or one of another base; if the gate has no vocabulary
                for the locale; if it learned from somebody who was erased since.
            ConflictError: If it is registered for another locale.
        """
        if not _LOCALE.fullmatch(locale) or not vocabulary_file(locale, CUSTOMER).is_file():
            raise RegistryError(f"The gate has no vocabulary for the locale {locale!r}; no draft could pass it.")
        folder = folder.absolute()
        name = name or folder.name[:_LONGEST_NAME]
        if len(name) > _LONGEST_NAME:
            raise RegistryError(f"A name has at most {_LONGEST_NAME} characters; this one has {len(name)}.")
        facts, card = read_card(folder)
        require_base(facts.adapter_hash, facts.base_hash, self._base_hash())
        with self._database.session() as session:
            row = session.get(AdapterRow, facts.adapter_hash)
            if row is not None:
                return row, _move(session, row, folder, locale, self._by)
            row = AdapterRow(version=facts.adapter_hash, name=name, locale=locale, folder=str(folder))
            row.base_hash, row.card, row.label = facts.base_hash, card, Label.CANDIDATE.value
            session.add(row)
            session.flush()
            note_change(session, ADAPTER, locale, Action.ADDED, InUse(row.version), self._by)
            _require_no_erased(session, card)
            return row, True

    def promote(self, version: str) -> AdapterRow:
        """Put an adapter into production; the one that was there is retired.

        Raises:
            NotFoundError: If there is no such adapter.
            ConflictError: If it is in production already.
            RegistryError: If its file has changed or is gone, or it is of another base; if it learned from somebody who
                was erased since.
        """
        self._require_usable(self.get(version))  # reads hundreds of megabytes: not inside a transaction
        with self._database.session() as session:
            row = get_adapter(session, version)
            if row.label == Label.PRODUCTION:
                raise ConflictError(f"Adapter {row.version[:SHOWN]} is in production for {row.locale} already.")
            put_into_production(session, row, row.locale)
            note_change(session, ADAPTER, row.locale, Action.PROMOTED, InUse(row.version), self._by)
            _require_no_erased(session, row.card)
            return row

    def rollback(self, locale: str = "en") -> AdapterRow | None:
        """Undo the last promotion that was not undone yet; None means: back to the adapter of the package.

        Raises:
            ConflictError: If there is no promotion to undo.
            RegistryError: If the earlier adapter's file has changed or is gone, or it is of another base.
        """
        if (earlier := _before(self.history(locale), locale).version) is not None:
            self._require_usable(self.get(earlier))
        with self._database.session() as session:
            before = _before(changes(session, ADAPTER, locale), locale)
            if before.version != earlier:
                raise ConflictError(
                    "Somebody else changed what is in production at the same moment; look and try again."
                )
            row = get_adapter(session, before.version) if before.version else None
            put_into_production(session, row, locale)
            note_change(session, ADAPTER, locale, Action.ROLLED_BACK, before, self._by)
            return row

    def retire(self, version: str) -> AdapterRow:
        """Retire a candidate.

        Raises:
            NotFoundError: If there is no such adapter.
            ConflictError: If it is retired already, or in production.
        """
        with self._database.session() as session:
            row = get_adapter(session, version)
            if row.label == Label.RETIRED:
                raise ConflictError(f"Adapter {row.version[:SHOWN]} is retired already.")
            if row.label == Label.PRODUCTION:
                raise ConflictError(
                    f"Adapter {row.version[:SHOWN]} is in production for {row.locale}; first promote another, or: "
                    f"explainer adapters rollback --locale {row.locale}"
                )
            row.label = Label.RETIRED.value
            note_change(session, ADAPTER, row.locale, Action.RETIRED, InUse(row.version), self._by)
            return row

    def production_folder(self, locale: str = "en") -> Path | None:
        """Return the folder of the adapter in production, once it is known to be usable; None if there is none.

        Raises:
            RegistryError: If its file has changed or is gone, or it is of another base.
        """
        with self._database.session() as session:
            row = production_adapter(session, locale)
        return None if row is None else self._require_usable(row)

    def folder(self, version: str) -> Path:
        """Return the folder of an adapter, once it is known to be usable.

        Raises:
            NotFoundError: If there is none.
            RegistryError: If its file has changed or is gone, or it is of another base.
        """
        return self._require_usable(self.get(version))

    def _require_usable(self, row: AdapterRow) -> Path:
        folder = require_unchanged(row)
        require_base(row.version, row.base_hash, self._base_hash())
        return folder


def _require_no_erased(session: Session, card: Mapping[str, Any]) -> None:
    """Refuse what learned from somebody who was erased since; whoever is erased behind us is told of it.

    An adapter that is in use stays, flagged, until another one is put there: a service must be able to start.
    """
    log.take_turn(session)  # an erasure takes one, too: it is here by now, or finds what was written here
    lines = len(erased_lines(session).intersection(card.get("reviewed", ())))
    if lines:
        raise RegistryError(
            f"The adapter was trained with {lines} lines made of explanations of people who were erased since; train "
            "again: explainer reviews export, explainer tune"
        )


def _before(rows: Sequence[RegistryChangeRow], locale: str) -> InUse:
    held = uses(rows)
    if not held:
        raise ConflictError(f"There is nothing to roll back: no adapter is in production for {locale!r}.")
    return held[-2] if len(held) > 1 else ON_DISK


def _move(session: Session, row: AdapterRow, folder: Path, locale: str, by: str) -> bool:
    if row.locale != locale:
        raise ConflictError(
            f"Adapter {row.version[:SHOWN]} is registered for the locale {row.locale!r}, not for {locale!r}."
        )
    if row.folder == str(folder):
        return False
    row.folder = str(folder)
    note_change(session, ADAPTER, locale, Action.MOVED, InUse(row.version), by)
    return True
