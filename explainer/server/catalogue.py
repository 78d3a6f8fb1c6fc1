"""Items and behaviours under /v1: taken in batches, behaviours read back page by page."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs
from explainer.server.documented import answers, problems, rows_of
from explainer.service.batches import MAX_ROWS, BatchResult, RowResult, Status
from explainer.service.behaviours import (
    BehaviourPage,
    BehaviourRowIn,
    BehaviourView,
    Opinion,
    behaviours_of,
    store_behaviours,
)
from explainer.service.items import ItemRowIn, store_items
from explainer.service.live import Live
from explainer.service.shown import ShownBehaviours, behaviours_shown_to
from explainer.service.views import Looker
from retriever.data import BehaviourKind

_MAX_BODY_BYTES = 32 * 1024 * 1024
"""A thousand items with descriptions of the greatest length."""
_PAGE, _LONGEST_PAGE = 20, 100
_Rows = Annotated[list[Any], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]
_ITEM = {
    "id": "tt0118929",
    "title": "Dark City",
    "aspects": ["noir", "sci-fi"],
    "year": 1998,
    "text": "A man wakes up in a city where it is never day.",
    "creator": "Alex Proyas",
}
_BEHAVIOUR = {"user": "u17", "item": "tt0118929", "kind": "rating", "value": 5, "time": 1_760_000_000}
_ItemRows = Annotated[_Rows, rows_of(ItemRowIn, _ITEM)]
_BehaviourRows = Annotated[_Rows, rows_of(BehaviourRowIn, _BEHAVIOUR)]
_SAID = BatchResult(
    [
        RowResult(0, "tt0118929", Status.CREATED),
        RowResult(1, "tt0083658", Status.REFUSED, "title is blank: give what people call the item."),
    ]
)
_PAGE_EXAMPLE = BehaviourPage(
    "u17",
    [
        BehaviourView(
            "3f9a1c77e20b4d58",
            "tt0118929",
            "Dark City",
            BehaviourKind.RATING,
            5.0,
            1_760_000_000,
            Opinion.LIKED,
            excluded=False,
        )
    ],
    None,
)


class ItemBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items, at most 1,000 of them."""

    items: _ItemRows


class BehaviourBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Behaviours, at most 1,000 of them."""

    behaviours: _BehaviourRows


class CatalogueController(Controller):
    """What there is to recommend, and what people do."""

    path = "/v1"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["catalogue"]  # noqa: RUF012

    @put(
        "/items",
        opt=needs(Scope.CATALOGUE),
        sync_to_thread=True,
        request_max_body_size=_MAX_BODY_BYTES,
        summary="Store items",
        responses=answers(HTTP_200_OK, BatchResult, "What became of every row", _SAID) | problems(400, 409, 413),
    )
    def store_items(
        self, request: Request[Any, Any, Any], data: JSONBody[ItemBatch], live: NamedDependency[Live]
    ) -> BatchResult:
        """Store a batch; every row is judged alone, and the same batch again changes nothing.

        A new item can be recommended and explained at once. What changes on an item that the recommender was fitted
        on counts after the next fit.
        """
        return store_items(live, data.items, caller_of(request).name)

    @post(
        "/behaviours",
        opt=needs(Scope.CATALOGUE),
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        request_max_body_size=_MAX_BODY_BYTES,
        summary="Store behaviours",
        responses=answers(HTTP_200_OK, BatchResult, "What became of every row", _SAID) | problems(400, 409, 413),
    )
    def store_behaviours(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[BehaviourBatch],
        explainer: NamedDependency[Explainer],
    ) -> BatchResult:
        """Store a batch; every row is judged alone, and the same batch again changes nothing.

        What is stored is in its user's history at once.
        """
        return store_behaviours(explainer, data.behaviours, caller_of(request).name)

    @get(
        "/users/{user:str}/behaviours",
        opt=needs(Scope.USERS),
        sync_to_thread=True,
        summary="A user's behaviours, newest first",
        responses=answers(HTTP_200_OK, ShownBehaviours, "A page", _PAGE_EXAMPLE) | problems(400),
    )
    def behaviours(
        self,
        user: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        limit: Annotated[int, QueryParameter(ge=1, le=_LONGEST_PAGE)] = _PAGE,
        cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    ) -> ShownBehaviours:
        """Return a page; ``next`` is the cursor of the one after it, null after the last. Excluded ones are marked."""
        page = behaviours_of(explainer, user, limit, cursor)
        with explainer.database.session() as session:
            return behaviours_shown_to(session, looker, page)
