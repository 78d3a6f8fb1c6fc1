"""Batches of items and behaviours, and behaviours read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.catalogue import BehaviourBatch, ItemBatch
from explainer.server.document.examples.names import BEHAVIOUR, ITEM, MET, MET_TITLE, NEXT, RATED_AT, TITLE, USER
from explainer.service.batches import BatchResult, RowResult, Status
from explainer.service.behaviours import BehaviourView, Opinion
from explainer.service.shown_users import ShownBehaviours
from retriever.data import BehaviourKind

_ITEM = {
    "id": ITEM,
    "title": TITLE,
    "aspects": ["noir", "sci-fi"],
    "year": 1998,
    "text": "A pilot wakes up in a port where it is never day.",
    "creator": "Mara Lindqvist",
}
_BEHAVIOUR = {"user": USER, "item": MET, "kind": "rating", "value": 5, "time": RATED_AT}
_SAID = BatchResult(
    [
        RowResult(0, ITEM, Status.CREATED),
        RowResult(1, MET, Status.REFUSED, "title is blank: give what people call the item."),
    ]
)
_READ = BehaviourView(BEHAVIOUR, MET, MET_TITLE, BehaviourKind.RATING, 5.0, RATED_AT, Opinion.LIKED, excluded=False)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    ItemBatch: (ItemBatch([_ITEM]),),
    BehaviourBatch: (BehaviourBatch([_BEHAVIOUR]),),
    BatchResult: (_SAID,),
    ShownBehaviours: (ShownBehaviours(USER, [_READ], NEXT),),
}
