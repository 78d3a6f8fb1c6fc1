"""What the commands share: settings, errors without tracebacks, progress bars."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from explainer.errors import ExplainerError
from explainer.settings import Settings
from retriever.errors import RetrieverError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from explainer.storage.database import Database

console = Console()
errors = Console(stderr=True)


class Group(click.RichGroup):
    """A command group whose user errors are one clear line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (ExplainerError, RetrieverError) as error:
            raise click.ClickException(str(error)) from error
        except UnicodeEncodeError as error:
            if error.encoding != "utf-8":  # what was printed, where nothing but English can be
                raise
            what = error.object[error.start : error.end].encode("utf-8", "surrogateescape")
            raise click.ClickException(
                f"An argument is not UTF-8 text: it has the bytes {what!r} in it. Give it as UTF-8."
            ) from error
        except OSError as error:
            if error.filename is None:  # no file's: click knows what to do with a pipe that nobody reads
                raise
            raise click.ClickException(f"{error.filename} cannot be used: {error.strerror}") from error


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings that the main command made."""
    settings: Settings = ctx.find_root().obj
    return settings


def make_settings(home: Path | None) -> Settings:
    """Return the settings from the environment, with ``--home`` above it.

    Raises:
        ClickException: If a variable has a value that can't be used.
    """
    try:
        return Settings() if home is None else Settings(home=home)
    except ValueError as error:
        raise click.ClickException(f"The EXPLAINER_ settings can't be used: {error}") from error


def user_id(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return the id of a user as given; the callback of an option.

    Raises:
        BadParameter: If nobody can have it: the API would never find what is stored under it.
    """
    from retriever.data.cleaning import LONGEST_ID

    if not 0 < len(value) <= LONGEST_ID:
        raise click.BadParameter(f"an id has 1 to {LONGEST_ID} characters")
    return value


@contextmanager
def database_session(settings: Settings) -> Iterator[Session]:
    """Open a transaction on the database, once it is known to be up to date.

    Raises:
        NotReadyError: If it has to be migrated first.
    """
    with current_database(settings).session() as session:
        yield session


def current_database(settings: Settings) -> Database:
    """Return the database, once it is known to be up to date.

    Raises:
        NotReadyError: If it has to be migrated first.
    """
    from explainer.storage.database import Database

    database = Database(settings.url)
    database.require_current()
    return database


def people_database(settings: Settings) -> Database:
    """Return the database for what reads people; whom a restored backup has brought back is erased again first.

    Raises:
        NotReadyError: If it has to be migrated first.
        ErasureError: If the list of erasures cannot be read, or others use another key with this database.
    """
    from explainer.service.subject.erase import Erasing
    from explainer.service.subject.reapply import reapply

    database = current_database(settings)
    if settings.erased.exists():  # without a list there is nobody to erase
        reapply(database, Erasing.of(settings, make=False))
    return database


def with_engine(settings: Settings, engine: str) -> Settings:
    """Return the settings with another engine.

    Raises:
        ClickException: If there is no such engine.
    """
    try:
        return Settings.model_validate(settings.model_dump() | {"engine": engine})
    except ValueError as error:
        raise click.ClickException(f"There is no engine {engine!r}: {error}") from error


def quieten_libraries() -> None:
    """Keep libraries from drawing bars and warnings between our own lines, and their threads from spinning."""
    for name, value in {
        "TRANSFORMERS_VERBOSITY": "error",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
        # Threads that wait sleep instead of spinning: on cores that others use, too, a step takes a tenth of the time.
        "OMP_WAIT_POLICY": "PASSIVE",
    }.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON.

    Raises:
        ExplainerError: If the file cannot be written.
    """
    import msgspec

    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    except OSError as error:
        raise ExplainerError(f"{path} cannot be written: {error.strerror}") from error
    errors.print(f"Wrote {escape(str(path))}", highlight=False)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that takes (stage, done, total) and draws one bar per stage on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield show


@contextmanager
def progress_bar(title: str, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function that takes (done, total, None where nobody knows) and draws a bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done, of: progress.update(task, completed=done, total=of)
