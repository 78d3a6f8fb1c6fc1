"""What many requests ask of the database at the same time is asked together.

While one question is on its way, those that come wait, and go as one statement when it is back. So threads and trips
are shared: the more there are who ask, the less each of them costs. An answer is never older than its question.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping
from contextvars import Context
from typing import Any, Generic, TypeVar

from litestar.concurrency import sync_to_thread
from sqlalchemy import Connection

from explainer.storage.database import Database

_T = TypeVar("_T")


class _Asked(threading.local):
    """What is asked in one thread, which has one event loop at a time: loops do not wait for each other.

    Attributes:
        waiting: Questions that are not on their way yet, and who waits for the answers.
        asking: Puts them.
    """

    def __init__(self) -> None:
        self.waiting: list[tuple[str, asyncio.Future[Any]]] = []
        self.asking: asyncio.Task[None] | None = None


class Together(Generic[_T]):
    """One kind of question.

    Args:
        database: Is asked.
        find: Returns what is known about some texts, by text.
    """

    def __init__(self, database: Database, find: Callable[[Connection, Collection[str]], Mapping[str, _T]]) -> None:
        self._database, self._find = database, find
        self._asked = _Asked()

    async def ask(self, about: str) -> _T | None:
        """Return what is known about a text; None if nothing is.

        Raises:
            BusyError: If the database cannot be used now.
        """
        answer: asyncio.Future[_T | None] = asyncio.get_running_loop().create_future()
        here = self._asked
        here.waiting.append((about, answer))
        if here.asking is None or here.asking.done():
            # In a context of its own: it goes on for others when this request, with its id and its span, is over.
            here.asking = asyncio.create_task(self._ask_on(), context=Context())
        return await answer

    async def _ask_on(self) -> None:
        while asked := self._asked.waiting:
            self._asked.waiting = []
            try:
                found = await sync_to_thread(self._look, {about for about, _ in asked})
            except Exception as error:  # noqa: BLE001  whatever it is, it is for those who asked
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for about, answer in asked:
                    if not answer.done():  # somebody has gone
                        answer.set_result(found.get(about))

    def _look(self, about: Collection[str]) -> Mapping[str, _T]:
        with self._database.look() as connection:
            return self._find(connection, about)
