"""What readers get while the language model is away: a text, or being told when to come back. Never an error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from explainer.bench.client import Answer, request
from explainer.bench.load import OnAnswer, drive
from explainer.bench.pools import slow_pool, stalled_pool
from explainer.bench.served import free_port, serving

_CREATED = 201
_COME_BACK = frozenset({429, 503})
_SERVER_ERROR = 500
_LIMIT_S = 90.0
# Shorter than the defaults, so that a stalled server is met often, and not once.
_SETTINGS = {"ENGINE": "openai", "OPENAI_MODEL": "bench", "OPENAI_TIMEOUT_S": "1", "DEADLINE_S": "3"}


class _Cited(msgspec.Struct):
    title: str


class _Text(msgspec.Struct):
    title: str
    text: str
    source: str
    evidence: list[_Cited]


class _Texts(msgspec.Struct):
    explanations: list[_Text]


@dataclass(frozen=True, slots=True)
class Home:
    """What is served, and who asks.

    Attributes:
        folder: Models, and the SQLite database unless there is another URL.
        url: Of the database.
        key: An API key of the role app.
        users: Whose recommendations are asked for, in turn.
        log: What the services write.
    """

    folder: Path
    url: str
    key: str
    users: Sequence[str]
    log: Path


class Answered(msgspec.Struct):
    """What came back.

    Attributes:
        requests: How many were asked.
        answered: How many were answered as they should be:
        texts: with a text,
        later: or by being told when to come back.
        waited: How many of the texts came after waiting for the model, as every second request would rather have.
        unhandled_5xx: Answers of 500 and above that say nothing of coming back, and connections that broke.
        others: What else was answered: status and body, for whoever looks for the mistake.
    """

    requests: int = 0
    answered: int = 0
    texts: int = 0
    later: int = 0
    waited: int = 0
    unhandled_5xx: int = 0
    others: list[str] = []

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.requests += 1
        has_text = answer.status == _CREATED and _is_grounded(answer.body)
        comes_back = answer.status in _COME_BACK and b"\nretry-after:" in answer.head
        self.texts += has_text
        self.waited += has_text and b"\npreference-applied:" in answer.head
        self.later += comes_back
        self.answered += has_text or comes_back
        if not has_text and not comes_back:
            self.unhandled_5xx += answer.status >= _SERVER_ERROR or answer.status == 0
            self.others.append(f"{answer.status} {answer.body[:200]!r}")


def _is_grounded(body: bytes) -> bool:
    """Return whether every explanation names its item, and something of its evidence where there is any."""
    found = msgspec.json.decode(body, type=_Texts).explanations
    return bool(found) and all(one.source in {"template", "model"} and _names_its_facts(one) for one in found)


def _names_its_facts(one: _Text) -> bool:
    return one.title in one.text and (not one.evidence or any(cited.title in one.text for cited in one.evidence))


async def engine_down(home: Home, count: int, clients: int, on_answer: OnAnswer | None = None) -> dict[str, Answered]:
    """Ask while the engine's server is stopped, stalled, and so slow that the queue is full.

    Args:
        home: What is served.
        count: Requests in all.
        clients: Clients at once.
        on_answer: Is shown every answer.

    Returns:
        What came back, by what was the matter.
    """
    ways = {"stopped": _stopped, "stalled": stalled_pool, "queue full": _slow}
    found = {name: Answered() for name in ways}

    def keep(answered: Answered, answer: Answer) -> None:
        answered.add(answer)
        if on_answer is not None:
            on_answer(answer)

    for number, (name, pool) in enumerate(ways.items()):
        share = count // len(ways) + (number < count % len(ways))
        async with pool() as url:
            queue = "1" if name == "queue full" else "16"
            settings = _SETTINGS | {"DATABASE_URL": home.url, "OPENAI_URL": url, "QUEUE": queue}
            async with serving(home.folder, settings, home.log) as served:
                requests = asking(home.key, home.users, share)
                await drive(served.port, requests, clients, _LIMIT_S, partial(keep, found[name]))
    return found


def asking(key: str, users: Sequence[str], count: int) -> list[bytes]:
    """Return requests for texts, every second of which waits for the model."""
    headers: Sequence[Mapping[str, str]] = ({"X-API-Key": key}, {"X-API-Key": key, "Prefer": "wait=2"})
    bodies = [msgspec.json.encode({"user": user, "k": 1}) for user in users]
    return [
        request("POST", "/v1/explanations", dict(headers[n % 2]), bodies[n // 2 % len(bodies)]) for n in range(count)
    ]


@asynccontextmanager
async def _stopped() -> AsyncIterator[str]:
    yield f"http://127.0.0.1:{free_port()}/v1"


@asynccontextmanager
async def _slow() -> AsyncIterator[str]:
    async with slow_pool(0.5) as url:
        yield url
