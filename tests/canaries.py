"""People who did private things, strings that would give these away, and a search for them in all that comes out.

An item's canaries are in its id, title, aspects, description and maker; a behaviour's id is one as well. Items are
recognised in every way there is. What is asked is what a shop's program and a customer's page ask.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from dataclasses import dataclass, field, replace

from litestar.testing import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from explainer.access import Role
from explainer.evidence.firewall import Category, Firewall, Lists, load_lists
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating
from tests.databases import holdable
from tests.integration.watched import Scripted, keys_of

_PRIVATE, _EACH, _K = 40, 8, 10
ZEBRA = Category("stripes", frozenset(), descriptions=("zebra zebra zebra zebra",), thresholds={"hash": 0.8})


@dataclass
class Found:
    """What was asked, and what came out that must not."""

    cases: int = 0
    private: int = 0
    prompts: int = 0
    logged: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)

    def look(self, where: str, text: str, canaries: list[str]) -> None:
        """Note every canary that is in a text."""
        self.leaks += [f"{where}: {one}" for one in canaries if one in text]


class Recording(Scripted):
    """An engine that keeps the prompts it is given."""

    def __init__(self) -> None:
        super().__init__("You gave {b1} {b1.value}, and {item} works the same noir seam.")
        self.prompts: list[str] = []

    def write(self, prompts, sampling):
        self.prompts += map(str, prompts)
        return super().write(prompts, sampling)


class Lines(logging.Handler):
    """Keeps what is logged, whatever its level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record):
        if not record.name.startswith(("httpx", "httpcore")):  # the client, who says what it asks for
            self.lines.append(f"{record.name}: {self.format(record)}")


def private_item(n: int) -> Item:
    """Return an item that tells of something private in one of six ways."""
    key, shared = f"qzx{n:03d}", ("noir", f"qzxaspect{n % 5}")
    ways = (
        Item(key, f"Diabetes {key}", shared, text=f"About {key}."),
        Item(key, f"Novel {key}", (*shared, "christianity"), creator=f"Maker {key}"),
        Item(key, f"Novel {key}", shared, text=f"Of a refugee, {key}."),
        Item(key, f"Novel {key}", shared, creator=f"{key} Trade Union Press"),
        Item(key, f"抑郁症 {key}", shared),
        Item(key, f"zebra zebra zebra zebra zebra zebra zebra {key}", (f"qzxaspect{n % 5}",)),
    )
    return ways[n % len(ways)]


def dataset(users: int) -> Dataset:
    """Return films and private things; every user likes some of each, and dislikes a private one."""
    plain, rng = holdable(make_dataset()), random.Random(7)
    private = [private_item(n) for n in range(_PRIVATE)]
    behaviours = list(plain.behaviours)
    for u in range(users):
        chosen = rng.sample(private, _EACH)
        films = rng.sample(plain.items, 4)
        for n, item in enumerate([*films, *chosen]):
            behaviours.append(rating(f"p{u}", item.id, 1.0 if n == len(films) else 5.0, 2_000_000 + 100 * u + n))
    return replace(plain, items=(*plain.items, *private), behaviours=tuple(behaviours))


def firewall_for_tests() -> Firewall:
    """Return the shipped terms, and a category that only closeness finds."""
    named = tuple(replace(category, descriptions=()) for category in load_lists().categories)
    return Firewall(Lists((*named, ZEBRA)), HashEncoder())


def look_for_canaries(database: Database, cases: int) -> Found:
    """Explain until there were so many cases, ask all else about each person once, and look at all that came out.

    Args:
        database: One with all tables and nothing in them.
        cases: How many.
    """
    users, found = -(-cases // _K), Found()
    held, engine, lines, spans = dataset(users), Recording(), Lines(), InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with database.session() as session:
        catalogue.ingest(session, held, CleaningReport(), lambda _: None)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        writer = Writer(PromptLibrary(), load_vocabulary, engine, SqlDraftCache(database))
        model = fit(held, HashEncoder(), SMALL_HYBRID)
        explainer = Explainer(database, model, writer, firewall=firewall_for_tests())
        parts = Parts(tracer=provider.get_tracer("test"))
        with TestClient(create_app(explainer, queue=4, parts=parts)) as client:
            keys = keys_of(database)
            for u in range(users):
                _ask(client, keys[Role.APP], held, f"p{u}", found)
            metrics = client.get("/metrics", headers=keys[Role.AUDITOR]).text
    finally:
        root.removeHandler(lines)
        root.setLevel(level)
        database.engine.dispose()
    found.prompts = len(engine.prompts)
    anything = ["qzx"]
    for where, text in (("metrics", metrics), ("prompts", "\n".join(engine.prompts))):
        found.look(where, text, anything)
    found.logged = len(lines.lines)
    found.look("logs", "\n".join(lines.lines), anything)
    found.look("traces", "\n".join(span.to_json() for span in spans.get_finished_spans()), anything)
    return found


def _ask(client, key, held: Dataset, user: str, found: Found) -> None:
    """Ask all that is asked for a customer, and look for what they did of a private kind."""
    did = [b for b in held.histories[user].behaviours if b.item.startswith("qzx")]
    canaries = [one for b in did for one in (b.item, b.id)]
    found.private += len(did)
    locale = "zh" if user.endswith("3") else "en"
    made = client.post("/v1/explanations", json={"user": user, "k": _K, "locale": locale}, headers=key)
    explanations = made.json()["explanations"]
    found.cases += len(explanations)
    # What they never met may be recommended to them; its words are no secret of theirs, its aspects might be.
    found.look(f"explanations of {user}", made.text, canaries)
    for one in explanations:
        facts = json.dumps([one["evidence"], one["text"].replace(one["title"], "")], ensure_ascii=False)
        found.look(f"facts of {one['id']}", facts, ["qzx"])
    first = explanations[0]["id"]
    paths = [
        f"/v1/explanations/{first}",
        f"/v1/explanations/{first}/counterfactual",
        f"/explanations/{first}/waterfall.svg",
        f"/v1/why-not?user={user}&item={explanations[-1]['item']}&k=1",
        f"/v1/users/{user}/tags",
        f"/?user={user}",
        f"/?user={user}&lang=zh",
    ]
    for path in paths:
        answer = client.get(path, headers=key).text
        if "an interest you have chosen not to show" in answer.lower() or "您选择不显示的一项兴趣" in answer:
            found.stated[path.partition("?")[0].split("/")[-1].replace(first, "explanation")] += 1
        found.look(path, answer, canaries)
    plain = next(b.item for b in held.histories[user].behaviours if not b.item.startswith("qzx"))
    asked = {"exclude": [plain], "k": 5}
    found.look("preview", client.post(f"/v1/users/{user}/preview", json=asked, headers=key).text, canaries)
    token = client.post(f"/v1/explanations/{first}/embed-token", json={}, headers=key).json()["token"]
    shown = client.get(f"/embed/explanations/{first}", headers={"Authorization": f"Embed {token}"})
    found.look("embed", shown.text, canaries)
