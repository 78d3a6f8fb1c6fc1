"""What measures must not lie: its client, its quantiles, and what it counts as answered."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace
from typing import get_type_hints

import pytest
from click.testing import CliRunner

from explainer.bench import erasure, pregenerate, scale, service, synthetic, vectors
from explainer.bench.client import Answer, Connection, request
from explainer.bench.engine_down import Answered
from explainer.bench.errors import BenchError
from explainer.bench.home import own_dataset
from explainer.bench.load import Load, drive
from explainer.cli import benching, main
from explainer.storage.database import Database
from explainer.storage.explanation_tables import DraftRow


def answered(*pieces):
    """Ask a server that answers with these bytes, piece by piece, and then closes; return the answer."""

    async def story():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            connection = await Connection.open(server.sockets[0].getsockname()[1])
            async with asyncio.timeout(30):
                answer = await connection.ask(request("GET", "/", {"X-API-Key": "k"}))
            connection.close()
            return answer

    return asyncio.run(story())


WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nRetry-After: 3\r\n\r\nhello"


@pytest.mark.parametrize("cut", [1, 12, 40, len(WHOLE) - 6, len(WHOLE) - 1, len(WHOLE)])
def test_an_answer_is_whole_however_it_comes(cut):
    answer = answered(WHOLE[:cut], WHOLE[cut:])
    assert (answer.status, answer.body) == (201, b"hello")
    assert b"\nretry-after: 3" in answer.head


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"])
def test_a_connection_that_breaks_is_status_0(raw):
    assert answered(raw).status == 0


def test_no_content_has_no_length():
    assert answered(b"HTTP/1.1 204 No Content\r\n\r\n").status == 204


def test_requests_are_sent_once_each_and_broken_connections_made_anew():
    seen = []

    async def story():
        async def serve(reader, writer):
            for _ in range(3):  # then it hangs up on whoever comes next
                seen.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
                writer.write(WHOLE)
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            requests = [request("GET", f"/{n}", {}) for n in range(16)]
            return await drive(server.sockets[0].getsockname()[1], requests, 2, 30)

    load = asyncio.run(story())
    assert sum(load.statuses.values()) == 16
    assert set(load.statuses) == {0, 201}
    assert len(seen) == len(set(seen)) == load.statuses[201]


def test_quantiles_are_of_the_slowest_not_of_the_usual():
    load = Load(1.0, tuple(n / 1000 for n in range(1, 101)), Counter({200: 100}))
    assert load.quantile_ms(0.99) == pytest.approx(99)
    assert load.quantile_ms(0.5) == pytest.approx(50)
    assert load.quantile_ms(1.0) == pytest.approx(100)
    assert math.isnan(Load(1.0, (), Counter()).quantile_ms(0.5))


@pytest.mark.parametrize(
    ("status", "head", "body", "counted"),
    [
        (
            201,
            b"",
            b'{"explanations": [{"title": "A", "text": "A.", "source": "template", "evidence": []}]}',
            "texts",
        ),
        (201, b"", b'{"explanations": [{"title": "A", "text": "", "source": "template", "evidence": []}]}', "others"),
        (201, b"", b'{"explanations": []}', "others"),
        (503, b"http/1.1 503\r\nretry-after: 5", b"", "later"),
        (429, b"http/1.1 429\r\nretry-after: 5", b"", "later"),
        (503, b"http/1.1 503", b"", "unhandled_5xx"),
        (500, b"http/1.1 500\r\nretry-after: 5", b"", "unhandled_5xx"),
        (0, b"", b"", "unhandled_5xx"),
        (404, b"", b"", "others"),
    ],
)
def test_only_texts_and_come_back_count_as_answers(status, head, body, counted):
    all_of_it = Answered()
    all_of_it.add(Answer(status, head, body, 0.1))
    assert all_of_it.answered == (counted in {"texts", "later"})
    assert all_of_it.unhandled_5xx == (counted == "unhandled_5xx")
    assert len(all_of_it.others) == (counted in {"others", "unhandled_5xx"})


def test_the_catalogue_is_the_same_every_time():
    first, second = own_dataset(), own_dataset()
    assert first.content_hash == second.content_hash
    assert len(first.items) == 500


def test_an_answer_without_length_is_no_figure():
    with pytest.raises(BenchError, match="Content-Length"):
        answered(b"HTTP/1.1 200 OK\r\n\r\nhello")


def test_the_erasure_bench_erases_and_leaves_no_byte(tmp_path):
    assert erasure.measure(f"sqlite:///{tmp_path / 'bench.db'}", tmp_path / "keys", behaviours=200, explanations=40) > 0
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"bench-person" not in path.read_bytes(), path


def test_an_erasure_that_leaves_a_word_anywhere_is_no_figure(tmp_path, monkeypatch):
    real = erasure.erase

    def careless(database, *args):
        with database.session() as session:
            session.add(DraftRow(key="k", draft="as bench-person wrote", failures=[]))
        return real(database, *args)

    monkeypatch.setattr(erasure, "erase", careless)
    with pytest.raises(BenchError, match=r"still named in bench\.db"):
        erasure.measure(f"sqlite:///{tmp_path / 'bench.db'}", tmp_path / "keys", behaviours=20, explanations=20)


def missing(promised, found):
    return {place: names - found[place].keys() for place, names in promised.items() if names - found[place].keys()}


def figures_of(part):
    """Return what a part says that it returns, every figure 1."""
    kind = get_type_hints(part.measure)["return"]
    return kind(**dict.fromkeys(get_type_hints(kind), 1))


def test_what_scale_writes_has_the_figures_that_are_promised(tmp_path, monkeypatch):
    promised = {
        "pregenerate": {"per_s", "dedup_ratio", "vs_per_pair", "ray_vs_local"},
        "synthetic": {"ingest_rows_per_s", "explanations_per_s", "peak_mb", "cost_ratio_100k_10k"},
        "pgvector": {"recall", "p95_ms"},
    }
    monkeypatch.setattr(scale, "own_postgresql", lambda _: nullcontext("postgresql://nowhere"))
    shop, ahead, near = map(figures_of, (synthetic, pregenerate, vectors))
    monkeypatch.setattr(scale, "synthetic", lambda *_, **__: shop)
    monkeypatch.setattr(pregenerate, "measure", lambda *_: ahead)
    monkeypatch.setattr(vectors, "measure", lambda *_: near)
    only = [word for part in promised for word in ("--only", part)]
    result = CliRunner().invoke(main, ["bench", "scale", "--json", str(tmp_path / "out.json"), *only])
    assert result.exit_code == 0, result.output
    assert missing(promised, json.loads((tmp_path / "out.json").read_text())) == {}


class Answering:
    """A connection to a service whose every text is by the model, and of facts of its own."""

    asked = 0

    @classmethod
    async def open(cls, _):
        return cls()

    async def ask(self, _):
        self.asked += 1
        one = {"id": "e", "source": "model", "versions": {"prompt_hash": str(self.asked)}}
        return Answer(201, b"", json.dumps({"explanations": [one]}).encode(), 0.1)

    def close(self):
        pass


def test_what_service_writes_has_the_figures_that_are_promised(tmp_path, monkeypatch):
    promised = {
        "stored_read": {"requests_per_s", "p99_ms"},
        "template": {"p99_ms"},
        "model": {"p95_ms"},
        "engine_down": {"requests", "answered", "unhandled_5xx"},
    }

    async def one(*_):
        return ["e"]

    async def driven(*_):
        return Load(1.0, (0.1,), Counter({200: 1}))

    async def down(*_):
        return {"stopped": Answered(requests=2, answered=2)}

    monkeypatch.setattr(service, "serving", lambda *_: nullcontext(SimpleNamespace(port=1)))
    monkeypatch.setattr(service, "drive", driven)
    monkeypatch.setattr(service, "engine_down", down)
    monkeypatch.setattr(service, "Connection", Answering)
    monkeypatch.setattr(service, "users_of", lambda *_: ["u1"])
    monkeypatch.setattr(service.Bench, "_stored", one)
    monkeypatch.setattr(service.Bench, "_unlisted", one)
    monkeypatch.setattr(benching, "make_home", lambda settings, _: Database(settings.url).migrate())
    result = CliRunner().invoke(main, ["bench", "service", "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 0, result.output
    assert missing(promised, json.loads((tmp_path / "out.json").read_text())) == {}
