"""The explainer that serves now: when items or another writer come, one that has them takes its place.

Explainers are not changed: whoever works with one keeps it to the end of their request, and the next request gets the
next one. Every state is made from the model as it was fitted, so a process that has run for days scores as one does
that starts now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import RLock

from explainer.errors import NotReadyError
from explainer.pipeline import Explainer
from explainer.storage.additions import items_beyond, newest_position
from explainer.writing.writer import Writer
from retriever.data import Item
from retriever.encoder import TextEncoder, item_text
from retriever.errors import EncoderError, RetrieverError
from retriever.index import IndexMaker, make_index
from retriever.store import FittedModel

_LOG = logging.getLogger(__name__)
NEXT_FIT = "until the next fit (explainer fit) and a restart"


class Live:
    """See the module.

    Args:
        explainer: What serves first.
        encoder: Encodes items that come later; None where none will.
    """

    def __init__(self, explainer: Explainer, encoder: TextEncoder | None = None) -> None:
        self._explainer = explainer
        self._encoder = encoder
        self._newest: int | None = None
        self.changing = RLock()
        """Held by whoever changes the catalogue: one batch of items after the other."""

    @property
    def explainer(self) -> Explainer:
        """What serves now."""
        return self._explainer

    def current(self) -> Explainer:
        """Return what serves now, after a look whether items came: it knows every one that was stored before."""
        self.follow()
        return self._explainer

    def succeed(self, writer: Writer, adapter: str | None, note: Callable[[Explainer], None]) -> Writer:
        """Put another writer in place of the one that writes, and return that.

        Args:
            writer: What writes from now on.
            adapter: Version of the adapter in production that it was made for; None is the one of the package.
            note: Puts that on record, before anybody gets a text of it.
        """
        with self.changing:
            old, fresh = self._explainer.writer, self._explainer.with_writer(writer, adapter)
            note(fresh)
            self._explainer = fresh
            return old

    def knows_as_fitted(self, item: str) -> bool:
        """Return whether the recommender was fitted on an item, and so knows it as it was described then."""
        return item in self._explainer.model.fitted.recommender.catalogue

    def follow(self) -> None:
        """Catch up if items came since the last look, perhaps through another process; one small statement if none."""
        with self._explainer.database.look() as connection:
            newest = newest_position(connection)
        if newest != self._newest:
            self.catch_up()
            self._newest = newest

    def catch_up(self) -> str | None:
        """Make every stored item recommendable, and return why some are not; None if all are.

        What is stored stays stored: trying again is enough to mend it.
        """
        with self.changing:
            explainer = self._explainer
            fitted = explainer.model.fitted
            with explainer.database.session() as session:
                items = items_beyond(session, {item.id for item in fitted.recommender.catalogue.items})
            catalogue = explainer.model.recommender.catalogue
            if catalogue.items[len(fitted.recommender.catalogue) :] == items:
                return None
            try:
                self._explainer = explainer.with_model(with_later_items(fitted, items, self._encoder, explainer.index))
            except (RetrieverError, NotReadyError) as error:
                _LOG.warning("New items are stored but not recommended: %s", error)
                return f"New items are stored, but not recommended {NEXT_FIT}: {error}"
            return None


def with_later_items(
    fitted: FittedModel, items: Sequence[Item], encoder: TextEncoder | None, index: IndexMaker = make_index
) -> FittedModel:
    """Return the model with items that came after its fit: their content speaks for them.

    Args:
        fitted: As it was fitted.
        items: Those that came.
        encoder: The one it was fitted with.
        index: Makes what finds their nearest.

    Raises:
        EncoderError: If the recommender cannot take them, or there is no encoder like the one it was fitted with.
    """
    if not fitted.takes_later_items:
        raise EncoderError(f"the recommender {fitted.recommender.name!r} reads no content.")
    if encoder is None:
        raise EncoderError("this process has no sentence encoder.")
    if encoder.name != fitted.encoder:
        raise EncoderError(
            f"the recommender was fitted with the encoder {fitted.encoder!r}, and this process has {encoder.name!r}; "
            "set EXPLAINER_ENCODER and EXPLAINER_ENCODER_PRECISION as they were, or fit again: explainer fit"
        )
    return fitted.extended(tuple(items), encoder.encode([item_text(item) for item in items]), index)
