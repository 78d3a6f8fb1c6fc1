"""The commands of ``explainer embed``: a sample shop, and a new secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.access.embed_secrets import OVERLAP, rotate_embed_secret
from explainer.access.embed_tokens import LONGEST
from explainer.cli.common import console, database_session
from explainer.errors import ExplainerError, NotFoundError
from explainer.service.embed import embed_token
from explainer.settings import Settings
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import SuppressionRow
from explainer.writing.slots import display_title
from explainer.writing.style import CUSTOMER

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_PRODUCTS = 3


@dataclass(frozen=True, slots=True)
class Product:
    """What the page shows of an item, and the explanation it embeds."""

    title: str
    year: int | None
    aspects: tuple[str, ...]
    explanation: str
    token: str


def rotate(settings: Settings, overlap_hours: float | None) -> None:
    """Make a new secret and say until when the old one counts."""
    overlap = OVERLAP if overlap_hours is None else timedelta(hours=overlap_hours)
    with database_session(settings) as session:
        until = rotate_embed_secret(session, overlap)
    console.print(
        f"New tokens are signed with a new secret; those made before work until they end, and no longer than "
        f"{until:%Y-%m-%d %H:%M} UTC.",
        highlight=False,
    )


def write_sample(
    settings: Settings,
    out: Path,
    explanations: Sequence[str],
    user: str | None,
    service: str | None,
    port: int,
    locale: str,
) -> None:
    """Write the page and say what to do with it.

    Raises:
        NotFoundError: If there is nothing to show.
        ExplainerError: If the page cannot be written.
    """
    base = (service or f"http://{settings.host}:{settings.port}").rstrip("/") + "/"
    with database_session(settings) as session:
        rows = [get_explanation(session, one) for one in explanations] or _newest(session, user)
        items = {row.item_id: session.get_one(ItemRow, row.item_id) for row in rows}
    database = Database(settings.url)
    products = [_product(database, row, items[row.item_id]) for row in rows]
    page = _template().render(products=products, script=urljoin(base, "embed.js"), locale=locale)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "index.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise ExplainerError(f"{out} cannot be written: {error.strerror}") from error
    _tell(out, len(products), f"http://127.0.0.1:{port}", port)


def _newest(session: Session, user: str | None) -> list[ExplanationRow]:
    """Return a user's newest explanations that may be shown, one an item, in the order of their list."""
    query = select(ExplanationRow).where(ExplanationRow.audience == CUSTOMER)
    query = query.where(ExplanationRow.id.not_in(select(SuppressionRow.explanation_id)))
    query = query.order_by(ExplanationRow.created_at.desc())
    if user is None:
        newest = session.scalar(query.limit(1))
        user = None if newest is None else newest.user_id
    found: dict[str, ExplanationRow] = {}
    for row in session.scalars(query.where(ExplanationRow.user_id == user).limit(50)):
        found.setdefault(row.item_id, row)
    if not found:
        whose = "" if user is None else f" of {user!r}"
        raise NotFoundError(
            f"There are no explanations{whose} for customers yet; make some: explainer explain --user …"
        )
    return sorted(found.values(), key=lambda row: row.rank)[:_PRODUCTS]


def _product(database: Database, row: ExplanationRow, item: ItemRow) -> Product:
    token = embed_token(database, row.id, LONGEST).token
    return Product(display_title(row.title), item.year, tuple(str(one) for one in item.aspects), row.id, token)


def _template() -> Template:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("shop.html")


def _tell(out: Path, products: int, origin: str, port: int) -> None:
    folder = escape(str(out))
    console.print(
        f"Wrote {folder}/index.html: {products} products; its tokens work for a day.\n"
        f"Let it ask the service:  EXPLAINER_EMBED_ORIGINS={origin} explainer serve\n"
        f"Serve it:                python -m http.server {port} --bind 127.0.0.1 --directory {folder}\n"
        f"Look at it:              {origin}/",
        highlight=False,
        soft_wrap=True,
    )
