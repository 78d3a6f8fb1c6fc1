"""The threads that handlers run in: enough that requests waiting for the language model leave some for all others.

Python's own number, processors + 4, is six on a small machine: six requests behind a stalled model, and nobody could
even read, or be told that the queue is full.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

# Besides those that may wait for the model. More of them only take the interpreter's lock from each other.
_OTHERS = 8


async def use_threads(queue: int) -> None:
    """Give the running loop its threads, which end with it.

    Args:
        queue: Requests that may wait for the language model.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(queue + _OTHERS, "request"))
