"""A user's tags on a terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from explainer.assembly import make_tags
from explainer.cli.common import console
from explainer.cli.looks import looked
from explainer.evidence import UserTag
from explainer.service.shown_users import tell_privately
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.tags import TagList
from explainer.writing.slots import display_title


def show(settings: Settings, user: str) -> None:
    """Print the user's tags, strongest first, and what they deleted."""
    tags = make_tags(settings)
    held, public = tags.of(user), tags.of(user, private=False)
    with Database(settings.url).session() as session:
        looked(session, user, "tags", sensitive=tell_privately(session, held, public))
    if held.tags:
        console.print(_table(held))
    else:
        _say(f"User {user} comes back to nothing in particular, or we know too little yet: no tags.")
    if held.deleted:
        _say(f"Deleted: {', '.join(map(display_title, held.deleted))}. To use one again: explainer tags restore")


def delete(settings: Settings, user: str, tag: str) -> None:
    """Delete a tag and say what that means."""
    make_tags(settings).delete(user, tag)
    _say(f"Deleted {tag}: no longer a tag of user {user}, nor a reason. Explanations stored before stay as they were.")


def restore(settings: Settings, user: str, tag: str) -> None:
    """Restore a deleted tag."""
    make_tags(settings).restore(user, tag)
    _say(f"Restored {tag} for user {user}.")


def _table(held: TagList) -> Table:
    table = Table(show_lines=True, expand=True)
    table.add_column("Tag", ratio=2)
    table.add_column("Liked items", no_wrap=True)
    table.add_column("All items", no_wrap=True)
    table.add_column("Because of", ratio=5)
    for tag in held.tags:
        table.add_row(*_cells(tag))
    return table


def _cells(tag: UserTag) -> tuple[str, str, str, str]:
    titles = ", ".join(display_title(behaviour.title) for behaviour in tag.behaviours)
    count = f"{len(tag.behaviours)} of {tag.liked}"
    return escape(display_title(tag.tag)), count, f"{100 * tag.usual:.2g} %", escape(titles)


def _say(text: str) -> None:
    console.print(escape(text), highlight=False)
