"""People who did private things, strings that would give these away, and a search for them in all that comes out.

An item's canaries are in its id, title, aspects, description and maker; a behaviour's id is one as well. Items are
recognised in every way there is. What is asked is what a shop's program and a customer's page ask, and what support
asks without a case. One in ten people did private things alone; at last there is another fit, and all is replayed.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from litestar.testing import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.rates import Rates
from explainer.evidence.firewall import Category, Firewall, Lists, load_lists
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset, Item
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.learning import HybridConfig
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
    refused: int = 0
    replayed: Counter[str] = field(default_factory=Counter)
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
    """Return films and private things; every user likes some, one in ten no film, and dislikes a private one."""
    plain, rng = holdable(make_dataset()), random.Random(7)
    private = [private_item(n) for n in range(_PRIVATE)]
    behaviours = list(plain.behaviours)
    for u in range(users):
        chosen = rng.sample(private, _EACH)
        films = rng.sample(plain.items, 4)
        for n, item in enumerate([*films, *chosen]):
            if n >= len(films) or not _has_no_films(u):
                behaviours.append(rating(f"p{u}", item.id, 1.0 if n == len(films) else 5.0, 2_000_000 + 100 * u + n))
    return replace(plain, items=(*plain.items, *private), behaviours=tuple(behaviours))


def _has_no_films(user: int) -> bool:
    return user % 10 == 9


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
        parts = Parts(tracer=provider.get_tracer("test"), rates=Rates(app=10**9, people=10**9))
        with TestClient(create_app(explainer, queue=4, parts=parts)) as client:
            keys = keys_of(database)
            for u in range(users):
                shown = _ask(client, keys[Role.APP], held, f"p{u}", found)
                _ask_as_support(client, keys[Role.SUPPORT], held, f"p{u}", shown, found)
            metrics = client.get("/metrics", headers=keys[Role.AUDITOR]).text
        other = fit(held, HashEncoder(), HybridConfig(parts=(EaseConfig(regularization=500.0),), weights={"ease": 1.0}))
        explainer = Explainer(database, other, writer, firewall=firewall_for_tests())
        with TestClient(create_app(explainer, queue=4, parts=parts)) as client:
            _replay(client, keys[Role.APP], database, held, found)
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


def _canaries(held: Dataset, user: str) -> list[str]:
    return [one for b in held.histories[user].behaviours if b.item.startswith("qzx") for one in (b.item, b.id)]


def _ask(client, key, held: Dataset, user: str, found: Found) -> list[dict[str, Any]]:
    """Ask all that is asked for a customer, look for what they did of a private kind, and return the explanations."""
    canaries = _canaries(held, user)
    found.private += len(canaries) // 2
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
    asked = {"exclude": _films(held, user)[:1], "k": 5}
    found.look("preview", client.post(f"/v1/users/{user}/preview", json=asked, headers=key).text, canaries)
    token = client.post(f"/v1/explanations/{first}/embed-token", json={}, headers=key).json()["token"]
    shown = client.get(f"/embed/explanations/{first}", headers={"Authorization": f"Embed {token}"})
    found.stated["embed"] += "not_shown" in shown.json()
    found.look("embed", shown.text, canaries)
    return explanations


def _films(held: Dataset, user: str) -> list[str]:
    return [b.item for b in held.histories[user].behaviours if not b.item.startswith("qzx")]


def _ask_as_support(client, key, held: Dataset, user: str, shown: list[dict[str, Any]], found: Found) -> None:
    """Ask all that support can ask without a case, also for what it is refused."""
    canaries, first, films = _canaries(held, user), shown[0]["id"], _films(held, user)
    met = canaries[0]
    paths = [
        f"/v1/explanations?user={user}",
        f"/v1/explanations/{first}",
        f"/v1/explanations/{first}/counterfactual",
        f"/v1/explanations/{first}/events",
        f"/explanations/{first}/waterfall.svg",
        f"/v1/why-not?user={user}&item={shown[-1]['item']}&k=1",
        f"/v1/users/{user}/tags",
        f"/v1/users/{user}/behaviours",
        f"/v1/users/{user}/exclusions",
    ]
    answers = {path: client.get(path, headers=key) for path in paths}
    answers["preview"] = client.post(f"/v1/users/{user}/preview", json={"exclude": films[:1], "k": 5}, headers=key)
    refused = {
        "replay": client.get(f"/v1/explanations/{first}/replay", headers=key),
        "why not a private item": client.get(f"/v1/why-not?user={user}&item={met}", headers=key),
        "explain a private item": client.post("/v1/explanations", json={"user": user, "item": met}, headers=key),
    }
    if films:
        asked = {"exclude": films, "k": 5}
        refused["without the films"] = client.post(f"/v1/users/{user}/preview", json=asked, headers=key)
    found.leaks += [f"{where} of {user}: {one.status_code}" for where, one in refused.items() if one.status_code != 403]
    found.refused += sum(one.status_code == 403 for one in refused.values())
    for where, answer in (answers | refused).items():
        found.look(f"{where}, by support", answer.text, canaries)


def _replay(client, key, database: Database, held: Dataset, found: Found) -> None:
    """Compute each person's first explanation again, by another recommender."""
    with database.session() as session:
        first = select(func.min(ExplanationRow.id), ExplanationRow.user_id).group_by(ExplanationRow.user_id)
        ids = [tuple(row) for row in session.execute(first)]
    for one, user in ids:
        answer = client.get(f"/v1/explanations/{one}/replay", headers=key)
        found.replayed[answer.json()["outcome"]] += 1
        found.look(f"replay of {one}", answer.text, _canaries(held, user))
