"""Items and behaviours under /v1: taken in batches, behaviours read back page by page."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs
from explainer.server.documented import rows_of
from explainer.server.schemas import CursorParameter, UserInPath
from explainer.service.batches import MAX_ROWS, BatchResult
from explainer.service.behaviours import BehaviourRowIn, behaviours_of, store_behaviours
from explainer.service.items import ItemRowIn, store_items
from explainer.service.live import Live
from explainer.service.shown_users import ShownBehaviours, behaviours_shown_to
from explainer.service.subject.erase import Erasing
from explainer.service.views import Looker

_MAX_BODY_BYTES = 32 * 1024 * 1024
"""A thousand items with descriptions of the greatest length."""
_PAGE, _LONGEST_PAGE = 20, 100
_Rows = Annotated[list[Any], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]
_ItemRows = Annotated[_Rows, rows_of(ItemRowIn)]
_BehaviourRows = Annotated[_Rows, rows_of(BehaviourRowIn)]


class ItemBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items, at most 1,000 of them."""

    items: _ItemRows


class BehaviourBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Behaviours, at most 1,000 of them."""

    behaviours: _BehaviourRows


class CatalogueController(Controller):
    """What there is to recommend, and what people do."""

    path = "/v1"
    tags = ["catalogue"]  # noqa: RUF012

    @put(
        "/items",
        opt=needs(Scope.CATALOGUE),
        sync_to_thread=True,
        request_max_body_size=_MAX_BODY_BYTES,
        summary="Store items",
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
    )
    def store_behaviours(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[BehaviourBatch],
        explainer: NamedDependency[Explainer],
        erasing: NamedDependency[Erasing],
    ) -> BatchResult:
        """Store a batch; every row is judged alone, and the same batch again changes nothing.

        What is stored is in its user's history at once. What somebody did before they were erased is refused.
        """
        return store_behaviours(explainer, data.behaviours, caller_of(request).name, erasing.key)

    @get(
        "/users/{user:str}/behaviours",
        opt=needs(Scope.USERS),
        sync_to_thread=True,
        summary="A user's behaviours, newest first",
    )
    def behaviours(
        self,
        user: UserInPath,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        limit: Annotated[int, QueryParameter(ge=1, le=_LONGEST_PAGE)] = _PAGE,
        cursor: CursorParameter = None,
    ) -> ShownBehaviours:
        """Return a page; ``next`` is the cursor of the one after it, null after the last. Excluded ones are marked."""
        page = behaviours_of(explainer, user, limit, cursor)
        with explainer.database.session() as session:
            return behaviours_shown_to(session, looker, page)
