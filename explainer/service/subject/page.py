"""What is held about a person as a page to read: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

import msgspec
from sqlalchemy.orm import Session

from explainer.service.subject.words import COLUMNS, TABLES, WORDS, Words
from explainer.storage.holdings import Columns, title_of

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%;font-size:.9rem}div{overflow-x:auto}
th,td{text-align:start;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8885;overflow-wrap:anywhere}
th{white-space:nowrap}.none{opacity:.7}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(
    session: Session, user: str, locale: str, at: datetime, tables: Iterable[tuple[str, Iterable[Columns]]]
) -> Iterator[bytes]:
    """Yield the page, a row at a time.

    Args:
        session: Open session, for the titles of items.
        user: Whose data it is.
        locale: Language of the words around it.
        at: When it was made.
        tables: What is held, by table.
    """
    words, titles = WORDS[locale], _Titles(session)
    told = html.escape(user)
    yield (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{words.title}</title>'
        f"<style>{_STYLE}</style><h1>{words.title}</h1><p>{words.about.format(user=told, at=_moment(at))}</p>"
    ).encode()
    for name, rows in tables:
        yield f"<h2>{html.escape(TABLES[name][locale])}</h2>".encode()
        yield from _table(name, iter(rows), words, titles)
    yield f"<p>{words.more}</p></html>".encode()


class _Titles:
    """Titles of items, each asked for once; the last thousand."""

    def __init__(self, session: Session, most: int = 1000) -> None:
        self._session, self._most = session, most
        self._known: dict[str, str] = {}

    def of(self, item: str) -> str:
        if item not in self._known:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[item] = title_of(self._session, item) or item
        return self._known[item]


def _table(name: str, rows: Iterator[Columns], words: Words, titles: _Titles) -> Iterator[bytes]:
    first = next(rows, None)
    if first is None:
        yield f'<p class="none">{words.none}</p>'.encode()
        return
    shown = COLUMNS[name]
    heads = "".join(f'<th scope="col">{html.escape(words.columns[column])}</th>' for column in shown)
    yield f'<div tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>'.encode()
    for row in chain([first], rows):
        cells = "".join(f"<td>{html.escape(_cell(column, row[column], words, titles))}</td>" for column in shown)
        yield f"<tr>{cells}</tr>".encode("utf-8", "replace")
    yield b"</tbody></table></div>"


def _cell(column: str, value: object, words: Words, titles: _Titles) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return words.yes if value else words.no
    if column == "item_id":
        return titles.of(str(value))
    if isinstance(value, datetime | int):
        return _moment(value) if isinstance(value, datetime) else _instant(value) if column == "time" else str(value)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _instant(seconds: int) -> str:
    try:
        return _moment(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return str(seconds)  # a moment that no calendar has


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
