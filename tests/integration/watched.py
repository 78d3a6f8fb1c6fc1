"""What tests of reviewers, suppression and masks share: a catalogue with private things, an engine, all roles' keys."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.reading_tables import ViewRow
from explainer.storage.staff import list_staff
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating
from tests.databases import holdable

PIOUS = "pious"
CHURCH = "<b>The Church Choir</b>"
CASE = {"X-Ticket": "T-1", "X-Purpose": "The customer asks why they saw this."}


def private_dataset():
    """The usual films and four about belief, all of which one user likes besides three noirs."""
    plain = holdable(make_dataset())
    private = tuple(Item(f"s{n}", CHURCH if n == 0 else f"Psalm {n}", ("christianity", "noir")) for n in range(4))
    noirs = [item.id for item in plain.items if "noir" in item.aspects][:3]
    liked = [rating(PIOUS, item, 5.0, 2_000_000 + n) for n, item in enumerate([*noirs, *(i.id for i in private)])]
    return replace(plain, items=(*plain.items, *private), behaviours=(*plain.behaviours, *liked))


def fitted():
    return fit(private_dataset(), HashEncoder(), SMALL_HYBRID)


def stored(database: Database) -> Database:
    """Put them into an empty database."""
    with database.session() as session:
        catalogue.ingest(session, private_dataset(), CleaningReport(), lambda _: None)
    return database


class Scripted:
    """Writes one draft whatever it is asked, and counts how often."""

    name, model_hash = "scripted", "m"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, draft: str, adapter: str = "a") -> None:
        self.draft = draft
        self.adapter_hash = adapter
        self.asked = 0

    def write(self, prompts, sampling):
        self.asked += len(prompts)
        return [Draft(self.draft) for _ in prompts]


def writing(database, model, engine) -> Explainer:
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine, SqlDraftCache(database)))


def one_cause(explainer) -> tuple[str, str, str]:
    """Return a user, an item and the one aspect that it shares with the one behaviour that its text cites."""
    for number in range(120):
        for row in explainer.explain_top(f"u{number}", 3):
            if len(row.evidence) == 1:
                aspects = [r["aspect"] for r in row.evidence[0].reasons if r["type"] == "shared_aspect"]
                if aspects in (["noir"], ["western"], ["comedy"], ["drama"]):
                    return row.user_id, row.item_id, aspects[0]
    raise AssertionError("nobody has such an explanation")


def model_draft(aspect: str) -> str:
    return f"You gave {{b1}} {{b1.value}}, and {{item}} works the same {aspect} seam."


def keys_of(database) -> dict[Role, dict[str, str]]:
    """Return the headers of every role."""
    with database.session() as session:
        return {role: {"X-API-Key": create_key(session, role.value, role)} for role in Role}


@contextmanager
def asking(database, model):
    """Yield a function that asks a service of these as a role."""
    keys = keys_of(database)
    with TestClient(create_app(writing(database, model, None), queue=4)) as client:

        def ask(role, path, method="GET", json=None, **headers):
            return client.request(method, path, json=json, headers=keys[role] | headers)

        yield ask


def names_in(database):
    """Return whose the ids are that stand in records."""
    with database.session() as session:
        return {row.id: row.name for row in list_staff(session)}


def views(database):
    """Return all looks that are on record, in the order in which they were."""
    with database.session() as session:
        return list(session.scalars(select(ViewRow).order_by(ViewRow.at)))
