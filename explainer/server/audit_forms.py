"""The search of the audit pages, as a form sends it: empty fields narrow nothing, days are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request

from explainer.errors import SearchError
from explainer.server.language import LANGUAGE
from explainer.server.queries import refusal, taken_by, unknown_in
from explainer.storage.listing import Search, conditions_of
from explainer.writing.style import AUDIENCES, LOCALES

_Id = Annotated[str, msgspec.Meta(max_length=200)]
_Version = Annotated[str, msgspec.Meta(pattern="^[0-9a-z]{6,64}$")]


class _Fields(msgspec.Struct, frozen=True):
    """What may be filled in; every name is that of a field and of the API's parameter."""

    user: _Id | None = None
    item: _Id | None = None
    source: Annotated[str, msgspec.Meta(pattern="^(model|template)$")] | None = None
    since: date | None = None
    until: date | None = None
    locale: Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(LOCALES)})$")] | None = None
    audience: Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(AUDIENCES)})$")] | None = None
    recommender: _Version | None = None
    writer: _Version | None = None
    prompt: _Version | None = None
    complained: bool | None = None


@dataclass(frozen=True, slots=True)
class SearchForm:
    """A search and the form that it came from.

    Attributes:
        values: Every field as it was filled in; empty where it was not.
        search: What is searched.
        wrong: Why the form can't be used; empty if it can.
    """

    values: Mapping[str, str]
    search: Search
    wrong: str = ""

    @property
    def filled(self) -> dict[str, str]:
        """The fields that narrow the search."""
        return {name: value for name, value in self.values.items() if value}

    def link(self, **more: object) -> str:
        """Return the query of an address with the same search, and more."""
        return urlencode({**self.filled, **{name: value for name, value in more.items() if value is not None}})

    def wanted(self) -> Search:
        """Return the search.

        Raises:
            SearchError: If the form can't be used.
        """
        if self.wrong:
            raise SearchError(self.wrong)
        return self.search

    def beginning(self, day: date) -> SearchForm:
        """Return the form with another beginning."""
        return SearchForm({**self.values, "since": day.isoformat()}, replace(self.search, since=_midnight(day)))


def form_of(request: Request[Any, Any, Any]) -> SearchForm:
    """Return the search that the address of a page holds; one with parameters that nobody reads can't be used."""
    given = request.query_params
    values = {name: str(given.get(name, "")).strip() for name in _Fields.__struct_fields__}
    taken = taken_by(request.route_handler).union(values, {LANGUAGE})
    strange = unknown_in(request, taken)
    if strange:
        return SearchForm(values, Search(), refusal(strange, taken))
    try:
        fields = msgspec.convert({name: v for name, v in values.items() if v}, _Fields, strict=False)
        search = _search(fields)
        conditions_of(search)
    except (msgspec.ValidationError, SearchError) as error:
        return SearchForm(values, Search(), str(error))
    return SearchForm(values, search)


def _search(fields: _Fields) -> Search:
    given: dict[str, Any] = msgspec.structs.asdict(fields)
    return Search(**given | {"since": _midnight(fields.since), "until": _midnight(fields.until)})


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
