"""A real ``explainer serve``, as a process of its own, for as long as it is needed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from explainer.bench.client import Connection, request
from explainer.bench.errors import BenchError

_READY_S = 180.0
_LOOK_EVERY_S = 0.05
_LEAVE_S = 15.0
_OK = 200
_WORKS = b"Doing jobs"
_TOLD = 2000


@dataclass(frozen=True, slots=True)
class Served:
    """A running service.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        process: The process.
    """

    port: int
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """End it and all its processes at once (SIGKILL), as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def serving(home: Path, settings: Mapping[str, str], log: Path, port: int | None = None) -> AsyncIterator[Served]:
    """Serve a home for the block, once it is ready; afterwards the process is gone.

    Args:
        home: Database and models.
        settings: What else is set, as EXPLAINER_… variables without the prefix.
        log: What the process writes; appended to.
        port: Where; any that is free by default.

    Raises:
        BenchError: If it does not start.
    """
    port = port or free_port()
    process = await _started(home, settings, log, "serve", "--host", "127.0.0.1", "--port", str(port))
    try:
        await _until_ready(port, process, log)
        yield Served(port, process)
    finally:
        await _end(process)


@asynccontextmanager
async def working(home: Path, settings: Mapping[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Have a process do jobs for the block, once it has begun to; afterwards it is gone.

    Args:
        home: As of :func:`serving`.
        settings: Likewise.
        log: What it writes; its own.

    Raises:
        BenchError: If it does not start.
    """
    process = await _started(home, settings, log, "worker")
    try:
        async with asyncio.timeout(_READY_S):
            while not _says(log, _WORKS):
                if process.returncode is not None:
                    raise BenchError(f"The worker ended while starting. It said:\n{_last_words(log)}")
                await asyncio.sleep(_LOOK_EVERY_S)
        yield process
    finally:
        await _end(process)


async def _started(home: Path, settings: Mapping[str, str], log: Path, *words: str) -> asyncio.subprocess.Process:
    variables = {f"EXPLAINER_{name}": value for name, value in settings.items()}
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from explainer.cli import main; main()"),
            *("--home", str(home), *words),
            env=os.environ | variables,
            stdout=out,
            stderr=out,
            start_new_session=True,  # a group of its own, so that all its processes can be killed together
        )


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def _until_ready(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_READY_S):
            while not await _is_ready(port):
                if process.returncode is not None:
                    raise BenchError(f"The service ended while starting. It said:\n{_last_words(log)}")
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError as error:
        raise BenchError(f"The service was not ready after {_READY_S:g} s. It said:\n{_last_words(log)}") from error


async def _is_ready(port: int) -> bool:
    try:
        connection = await Connection.open(port)
    except OSError:
        return False
    answer = await connection.ask(request("GET", "/health/ready", {}))
    connection.close()
    return answer.status == _OK


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_LEAVE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _says(log: Path, words: bytes) -> bool:
    return words in log.read_bytes()


def _last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_TOLD:]
