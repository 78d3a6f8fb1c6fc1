"""The bars of the service in one run: stored reads, the template path, the model, and what happens without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from explainer.bench.client import Answer, Connection, request
from explainer.bench.engine_down import Home, engine_down
from explainer.bench.errors import BenchError
from explainer.bench.home import key_for, users_of
from explainer.bench.load import Load, drive, median_load
from explainer.bench.served import serving
from explainer.storage.database import Database

SECTIONS = ("stored_read", "template", "model", "engine_down")
OnStep = Callable[[str, int, int], None]
_OK, _CREATED = 200, 201
_P50, _P95, _P99 = 0.5, 0.95, 0.99
_STORED_AT_ONCE = 5
_UNLISTED = 20
_COUNTS = ("requests", "answered", "unhandled_5xx")


class _Versions(msgspec.Struct):
    prompt_hash: str


class _Explanation(msgspec.Struct):
    """What is looked at of an explanation."""

    id: str
    source: str
    versions: _Versions


class _Explanations(msgspec.Struct):
    explanations: list[_Explanation]


class _Recommended(msgspec.Struct):
    item: str


class _Recommendations(msgspec.Struct):
    user: str
    recommendations: list[_Recommended]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        runs: Runs whose median counts.
        stored: Explanations to read.
        reads: Reads per run,
        readers: by so many clients at once.
        writes: Template texts per run,
        writers: by so many clients at once.
        texts: Texts of the model, one at a time.
        down: Requests while the engine is away,
        down_clients: by so many clients at once.
        limit_s: Seconds after which a run ends, whatever is left of it.
    """

    runs: int = 3
    stored: int = 200
    reads: int = 5000
    readers: int = 50
    writes: int = 300
    writers: int = 10
    texts: int = 40
    down: int = 2000
    down_clients: int = 20
    limit_s: float = 60.0


@dataclass
class Bench:
    """Measures one home.

    Attributes:
        home: Models, and the SQLite database unless there is another URL.
        url: Of the database.
        log: What the services write.
        plan: How much is measured.
        on_step: Is told (what, done, total).
    """

    home: Path
    url: str
    log: Path
    plan: Plan = field(default_factory=Plan)
    on_step: OnStep = lambda _, __, ___: None

    def __post_init__(self) -> None:
        self._key = key_for(Database(self.url))
        self._users = users_of(Database(self.url), self.plan.stored)

    async def measure(self, sections: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the figures of the sections, by section."""
        found: dict[str, dict[str, Any]] = {}
        fast = [section for section in ("template", "stored_read") if section in sections]
        if fast:
            async with serving(self.home, self._settings("none"), self.log) as served:
                measures = {"template": self.template, "stored_read": self.stored_read}
                for section in fast:
                    found[section] = await measures[section](served.port)
        if "model" in sections:
            async with serving(self.home, self._settings("openvino"), self.log) as served:
                found["model"] = await self.model(served.port)
        if "engine_down" in sections:
            found["engine_down"] = await self.engine_down()
        return {section: found[section] for section in SECTIONS if section in found}

    async def stored_read(self, port: int) -> dict[str, Any]:
        """Measure reads of stored explanations."""
        ids = await self._stored(port)
        paths = (f"/v1/explanations/{one}" for one in cycle(ids))
        requests = [request("GET", path, self._headers()) for path in islice(paths, self.plan.reads)]
        return _rate(await self._runs("stored read", port, requests, self.plan.readers, _OK))

    async def template(self, port: int) -> dict[str, Any]:
        """Measure explanations that are ranked, attributed, written by templates, stored and audited.

        The best item of each user's list, which takes a counterfactual besides; and one item that is not in the list.
        """
        best = await self._runs("template", port, self._explain(self.plan.writes), self.plan.writers, _CREATED)
        unlisted = await self._unlisted(port)
        single = await self._runs("template, one item", port, unlisted, self.plan.writers, _CREATED)
        return _rate(best) | {"one_item": _rate(single)}

    async def model(self, port: int) -> dict[str, Any]:
        """Measure texts of the model that nobody has asked for before, one at a time.

        Users differ, so mostly their facts do; a text whose facts were written before does not count, nor the first.
        """
        prompts: set[str] = set()
        answers: list[Answer] = []
        connection = await Connection.open(port)
        for raw in self._explain(4 * self.plan.texts, {"Prefer": "wait=20"}):
            answer = await connection.ask(raw)
            _require(answer, _CREATED)
            prompt = _one_of(answer).versions.prompt_hash
            if prompt and prompt not in prompts:
                prompts.add(prompt)
                answers.append(answer)
            self.on_step("model", len(answers), 1 + self.plan.texts)
            if len(answers) > self.plan.texts or sum(one.seconds for one in answers) > self.plan.limit_s:
                break
        connection.close()
        counted = answers[1:]
        if not counted:
            raise BenchError("Nothing was asked of the model: none of these users has facts that it writes about.")
        load = Load(0.0, tuple(one.seconds for one in counted), Counter())
        by_model = sum(_one_of(one).source == "model" for one in counted)
        return {"p95_ms": load.quantile_ms(_P95), "p50_ms": load.quantile_ms(_P50)} | {
            "texts": len(counted),
            "by_model": by_model,
        }

    async def engine_down(self) -> dict[str, Any]:
        """Count what comes back while the engine is stopped, stalled, and its queue full."""
        plan, done = self.plan, 0

        def step(_: Answer) -> None:
            nonlocal done
            done += 1
            self.on_step("engine down", done, plan.down)

        home = Home(self.home, self.url, self._key, self._users, self.log)
        ways = await engine_down(home, plan.down, plan.down_clients, step)
        total = {name: sum(getattr(way, name) for way in ways.values()) for name in _COUNTS}
        return total | {"ways": {name: msgspec.to_builtins(way) for name, way in ways.items()}}

    async def _unlisted(self, port: int) -> list[bytes]:
        """Return requests that each explain an item which is not in its user's list of ten, but not far from it."""
        items: list[tuple[str, str]] = []

        def keep(answer: Answer) -> None:
            _require(answer, _OK)
            found = msgspec.json.decode(answer.body, type=_Recommendations)
            items.append((found.user, found.recommendations[-1].item))

        paths = [f"/v1/users/{quote(user, safe='')}/recommendations?k={_UNLISTED}" for user in self._users]
        asked = [request("GET", path, self._headers()) for path in paths]
        await drive(port, asked, self.plan.writers, self.plan.limit_s, keep)
        chosen = islice(cycle(items), self.plan.writes)
        return self._posts({"user": user, "item": item} for user, item in chosen)

    async def _stored(self, port: int) -> list[str]:
        """Return the ids of new explanations."""
        count = -(-self.plan.stored // _STORED_AT_ONCE)
        ids: list[str] = []

        def keep(answer: Answer) -> None:
            _require(answer, _CREATED)
            ids.extend(one.id for one in msgspec.json.decode(answer.body, type=_Explanations).explanations)

        await drive(port, self._explain(count, k=_STORED_AT_ONCE), 4, self.plan.limit_s, keep)
        return ids

    async def _runs(self, name: str, port: int, requests: Sequence[bytes], clients: int, status: int) -> list[Load]:
        """Return several runs of the same requests, after a short one that does not count."""
        await drive(port, requests[: 4 * clients], clients, self.plan.limit_s)
        runs = []
        for number in range(self.plan.runs):
            self.on_step(name, number, self.plan.runs)
            runs.append(await drive(port, requests, clients, self.plan.limit_s, lambda one: _require(one, status)))
        self.on_step(name, self.plan.runs, self.plan.runs)
        return runs

    def _explain(self, count: int, headers: Mapping[str, str] | None = None, k: int = 1) -> list[bytes]:
        return self._posts(({"user": user, "k": k} for user in islice(cycle(self._users), count)), headers)

    def _posts(self, bodies: Iterable[object], headers: Mapping[str, str] | None = None) -> list[bytes]:
        all_headers = self._headers() | dict(headers or {})
        return [request("POST", "/v1/explanations", all_headers, msgspec.json.encode(body)) for body in bodies]

    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self._key}

    def _settings(self, engine: str) -> dict[str, str]:
        return {"ENGINE": engine, "DATABASE_URL": self.url}


def _rate(runs: Sequence[Load]) -> dict[str, Any]:
    """Return the medians of several runs, and what each of them was."""
    return {
        "requests_per_s": median_load(runs, lambda run: run.per_s),
        "p99_ms": median_load(runs, lambda run: run.quantile_ms(_P99)),
        "p50_ms": median_load(runs, lambda run: run.quantile_ms(_P50)),
        "requests": sum(len(run.latencies) for run in runs),
        "runs_p99_ms": [run.quantile_ms(_P99) for run in runs],
    }


def _one_of(answer: Answer) -> _Explanation:
    return msgspec.json.decode(answer.body, type=_Explanations).explanations[0]


def _require(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise BenchError(f"The service answered {answer.status} instead of {status}: {answer.body[:500]!r}")
