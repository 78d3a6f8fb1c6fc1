"""Prompt versions: added, put into use, split between users, rolled back; each change on the record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from explainer.errors import ConflictError, NotFoundError, RegistryError
from explainer.operator import operator
from explainer.registry.record import note_change
from explainer.registry.report import PromptReport, compare_versions
from explainer.registry.trial import tried
from explainer.storage.changes import OF_USE, ON_DISK, Action, InUse, changes, in_use, uses
from explainer.storage.database import Database
from explainer.storage.lookup import SHOWN, find_version
from explainer.storage.prompts import PROMPT, library_of, prompt_versions
from explainer.storage.version_tables import PromptVersionRow, RegistryChangeRow
from explainer.storage.versions import note_prompt
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style


class PromptVersion(msgspec.Struct, frozen=True):
    """A version that can be put into use.

    Attributes:
        origin: ``stored``, or the folder that it lies in and nowhere else.
        stored_at: When it was stored; None if it is not.
    """

    version: str
    locale: str
    audience: str
    origin: str
    stored_at: datetime | None


class PromptRegistry:
    """The prompt versions of one database and those on disk.

    Args:
        database: Where versions are stored.
        disk: The templates in use until a version is promoted.
        package: The templates that came with the package.
        by: Who makes the changes; whoever is at the command line by default.
    """

    def __init__(self, database: Database, disk: PromptLibrary, package: PromptLibrary, by: str | None = None) -> None:
        self._database = database
        self._disk = disk
        self._package = package
        self._by = by or operator()

    def changed_by(self, name: str) -> PromptRegistry:
        """Return the same registry, whose changes that person or program makes."""
        return PromptRegistry(self._database, self._disk, self._package, name)

    def versions(self, style: Style) -> list[PromptVersion]:
        """Return every version for a language and a reader: those on disk first, then the stored ones by age."""
        return [known for known in self._known().values() if Style(known.locale, known.audience) == style]

    def on_disk(self, style: Style) -> str | None:
        """Return the version that lies on disk, in use until another is promoted; None if there is none."""
        return next((v for v, of in _versions_of(self._disk).items() if of == style), None)

    def find(self, wanted: str, style: Style) -> str:
        """Return the version that starts with what was given.

        Raises:
            NotFoundError: If there is none, or more than one.
            ConflictError: If it is for another language or reader.
        """
        known = self._known()
        version = find_version(wanted, list(known), "prompt", "explainer prompts list")
        found = known[version]
        if Style(found.locale, found.audience) != style:
            raise ConflictError(
                f"Prompt version {version[:SHOWN]} is for {found.locale}/{found.audience}, not for {style}; "
                f"add --locale {found.locale} --audience {found.audience} if you mean it."
            )
        return version

    def library(self, version: str, style: Style) -> PromptLibrary:
        """Return a known version's templates.

        Raises:
            PromptError: If they were altered in the database.
        """
        with self._database.session() as session:
            row = session.get(PromptVersionRow, version)
        if row is not None:
            return library_of(row)
        libraries = (self._disk, self._package)
        held = next(lib for lib in libraries if version in _versions_of(lib))
        return PromptLibrary(sources=held.sources(style), origin=held.origin)

    def in_use(self, style: Style) -> InUse:
        """Return what a style uses now."""
        with self._database.session() as session:
            return in_use(session, PROMPT, str(style))

    def history(self, style: Style) -> list[RegistryChangeRow]:
        """Return every change of a style, oldest first."""
        with self._database.session() as session:
            return changes(session, PROMPT, str(style))

    def add(self, library: PromptLibrary, style: Style) -> tuple[str, bool]:
        """Store the library's templates for a style.

        Returns:
            Their version, and whether it is new.

        Raises:
            PromptError: If a template is missing, does not render, or says what only slots may say.
        """
        whole = tried(library, style, self._package)
        with self._database.session() as session:
            return whole.version(style), _store(session, whole, style, self._by)

    def promote(self, wanted: str, style: Style) -> str:
        """Put a version into use for everybody; a split ends. Returns it.

        Raises:
            NotFoundError: If there is no such version.
            ConflictError: If it is for another language or reader, or in use already.
            PromptError: If its templates do not render.
        """
        version = self.find(wanted, style)
        whole = self._tried(version, style)
        with self._database.session() as session:
            if in_use(session, PROMPT, str(style)) == InUse(version):
                raise ConflictError(f"Prompt version {version[:SHOWN]} is in use for {style} already.")
            _store(session, whole, style, self._by)
            note_change(session, PROMPT, str(style), Action.PROMOTED, InUse(version), self._by)
        return version

    def split(self, first: str, second: str, percent: int, style: Style) -> InUse:
        """Send some users to a second version; for the same two versions only the percentage changes.

        Args:
            first: The version for the others.
            second: The version for ``percent`` of a hundred users.
            percent: 1 to 99.
            style: Language and reader.

        Raises:
            RegistryError: If the percentage is none, or the two are one.
            NotFoundError: If there is no such version.
            ConflictError: If one is for another language or reader, or nothing would change.
            PromptError: If templates do not render.
        """
        if not 1 <= percent <= 99:  # noqa: PLR2004  with none or all it were no split
            raise RegistryError(f"{percent} percent is no split; give 1 to 99, or promote one version.")
        a, b = self.find(first, style), self.find(second, style)
        if a == b:
            raise RegistryError(f"Both are version {a[:SHOWN]}; a split needs two.")
        wholes = [self._tried(version, style) for version in (a, b)]
        with self._database.session() as session:
            now = in_use(session, PROMPT, str(style))
            running = now.split if (now.version, now.other) == (a, b) else None
            use = InUse(a, b, percent, running or str(uuid.uuid4()))
            if use == now:
                raise ConflictError(f"{percent} percent of users get version {b[:SHOWN]} already.")
            for whole in wholes:
                _store(session, whole, style, self._by)
            note_change(session, PROMPT, str(style), Action.SPLIT, use, self._by)
        return use

    def rollback(self, style: Style) -> InUse:
        """Undo the last promotion or split that was not undone yet, and return what is in use then.

        Raises:
            ConflictError: If there is none.
            PromptError: If the earlier templates were altered in the database.
        """
        with self._database.session() as session:
            held = uses(changes(session, PROMPT, str(style)))
            if not held:
                raise ConflictError(f"There is nothing to roll back: no prompts were promoted for {style}.")
            before = held[-2] if len(held) > 1 else ON_DISK
            for version in (before.version, before.other):
                if (row := session.get(PromptVersionRow, version) if version else None) is not None:
                    library_of(row)
            note_change(session, PROMPT, str(style), Action.ROLLED_BACK, before, self._by)
        return before

    def report(self, style: Style, versions: tuple[str, str] | None = None) -> PromptReport:
        """Compare two versions over what was stored; by default those of the last split, while it ran.

        Raises:
            NotFoundError: If there was no split, or no such version.
            ConflictError: If one is for another language or reader.
        """
        with self._database.session() as session:
            if versions is None:
                last = _last_split(changes(session, PROMPT, str(style)))
                if last is None:
                    raise NotFoundError(
                        f"There was no split for {style}; name two versions: explainer prompts report A B"
                    )
                return compare_versions(session, *last[0], style, *last[1])
            first, second = (self.find(version, style) for version in versions)
            return compare_versions(session, first, second, style)

    def _tried(self, version: str, style: Style) -> PromptLibrary:
        return tried(self.library(version, style), style, self._package)

    def _known(self) -> dict[str, PromptVersion]:
        known = {
            version: PromptVersion(version, style.locale, style.audience, library.origin, None)
            for library in (self._disk, self._package)
            for version, style in _versions_of(library).items()
        }
        with self._database.session() as session:
            for row in prompt_versions(session):
                origin = known[row.version].origin if row.version in known else "stored"
                known[row.version] = PromptVersion(row.version, row.locale, row.audience, origin, row.created_at)
        return known


def _versions_of(library: PromptLibrary) -> dict[str, Style]:
    return {library.version(style): style for style in library.styles}


def _last_split(
    rows: Sequence[RegistryChangeRow],
) -> tuple[tuple[str, str], tuple[datetime, datetime | None]] | None:
    """Return the two versions of the last split, and from when to when it ran."""
    splits = [row for row in rows if row.split is not None]
    if not splits:
        return None
    last = splits[-1]
    since = next(row.at for row in splits if row.split == last.split)
    until = next((row.at for row in rows if row.number > last.number and row.action in OF_USE), None)
    # Explanations are dated to the second.
    return (str(last.version), str(last.other)), (since.replace(microsecond=0), until)


def _store(session: Session, library: PromptLibrary, style: Style, by: str) -> bool:
    version = library.version(style)
    if session.get(PromptVersionRow, version) is not None:
        return False
    note_prompt(session, version, style.locale, style.audience, library.sources(style))
    note_change(session, PROMPT, str(style), Action.ADDED, InUse(version), by)
    return True
