"""``explainer preview``: a list before and after."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from explainer.assembly import make_explainer
from explainer.cli.common import console, people_database
from explainer.cli.looks import looked
from explainer.service.preview import Preview, preview
from explainer.service.telling import rests_on_private, tells_of
from explainer.settings import Settings
from explainer.writing.slots import display_title
from explainer.writing.style import Style


def run(settings: Settings, user: str, without: Sequence[str], k: int, style: Style) -> None:
    """Print the user's list without some behaviours, beside the list as it is."""
    with console.status("Loading models …"):
        people_database(settings)
        explainer = make_explainer(settings)
    with console.status("Writing …"):
        found = preview(explainer, user, without, k, style)
    rests = rests_on_private(explainer, user, without)
    with explainer.database.session() as session:
        looked(session, user, "preview", sensitive=rests or tells_of(session, user, without))
    console.print(_table(found))
    _say("Leaves", [display_title(r.item.title) for r in found.gone])
    _say("Comes", [display_title(r.item.title) for r in found.come])
    console.print("Nothing was stored but that you looked.", style="dim")


def _table(found: Preview) -> Table:
    ranks = {r.item.id: r.rank for r in found.before}
    table = Table(title=f"Without {len(found.excluded)} behaviours", show_lines=True, expand=True)
    table.add_column("Rank", no_wrap=True)
    table.add_column("Was", no_wrap=True)
    table.add_column("Recommended", ratio=2)
    table.add_column("Because", ratio=5)
    for target, text in zip(found.after, found.texts, strict=True):
        was = ranks.get(target.item.id)
        title = escape(display_title(target.item.title))
        table.add_row(str(target.rank), "new" if was is None else str(was), title, escape(text.text))
    return table


def _say(what: str, titles: Sequence[str]) -> None:
    if titles:
        console.print(f"{what}: {escape(', '.join(titles))}.", highlight=False)
