"""What is private is judged while the catalogue changes: the judgement of what an item is now is the one that stays."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from sqlalchemy import select, update

from explainer.evidence.firewall import Firewall, Lists, load_lists
from explainer.judging import Stored, judge_catalogue
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.private import note_judged
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import Item
from retriever.errors import EncoderError
from tests.canaries import ZEBRA
from tests.conftest import HashEncoder


@pytest.fixture
def firewall():
    return Firewall(load_lists())


def put(database, firewall, title):
    """Change an item's title and judge it in one transaction, as PUT /v1/items does."""
    item = Item("i11", title, ("noir",))
    judging = Stored(firewall, [item])
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == item.id).values(title=item.title))
        judging.judge(session, [item.id])


def judged(database):
    with database.session() as session:
        return session.execute(select(ItemRow.private, ItemRow.judged_by).where(ItemRow.id == "i11")).one()


def while_judging(monkeypatch, firewall, change):
    """Let a change come once between the judgement of the catalogue and its being stored."""
    real, changes = firewall.judge, [change]

    def judge(items):
        found = real(items)
        if changes:
            changes.pop()()
        return found

    monkeypatch.setattr(firewall, "judge", judge)


@pytest.mark.parametrize(("before", "after", "private"), [("A Film", "Diabetes", "health"), ("Diabetes", "A Film", "")])
def test_an_item_that_changes_while_the_catalogue_is_judged_is_judged_as_it_is_then(
    database, firewall, monkeypatch, before, after, private
):
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == "i11").values(title=before))
    while_judging(monkeypatch, firewall, lambda: put(database, firewall, after))
    judge_catalogue(database, firewall)
    assert judged(database) == (private, firewall.version)


def test_what_a_process_with_older_lists_changed_meanwhile_is_judged_again(database, firewall, monkeypatch):
    older = Firewall(load_lists({"religion"}))
    judge_catalogue(database, older)
    assert judged(database) == ("", older.version)
    while_judging(monkeypatch, firewall, lambda: put(database, older, "Diabetes"))
    assert judge_catalogue(database, firewall) == 60
    assert judged(database) == ("health", firewall.version)


def test_two_processes_with_different_lists_come_to_an_end(database, firewall, monkeypatch):
    older, real, calls = Firewall(load_lists({"religion"})), firewall.judge, []

    def judge(items):
        assert not calls, "what the other one has judged since was judged again"
        calls.append(items)
        return real(items)

    def overwritten(session, judgements, _):
        note_judged(session, judgements, older.version)

    monkeypatch.setattr(firewall, "judge", judge)
    monkeypatch.setattr("explainer.judging.note_judged", overwritten)
    assert judge_catalogue(database, firewall) == 60


class Broken(HashEncoder):
    """An encoder that works again once it is mended."""

    broken = True

    def encode(self, texts, on_progress=None):
        if self.broken:
            raise EncoderError("no such model")
        return super().encode(texts, on_progress)


def test_that_terms_alone_decided_is_told_until_a_start_with_a_working_encoder(database, model, empty_writer):
    encoder = Broken()
    firewall = Firewall(Lists((ZEBRA,)), encoder)
    explainer = Explainer(database, model, empty_writer, firewall=firewall)
    with TestClient(create_app(explainer, queue=4)) as client:
        health = client.get("/health/ready").json()
        assert health["status"] == "degraded"
        assert [note for note in health["reasons"] if "judged by terms alone" in note]
        encoder.broken = False
        put(database, firewall, "zebra zebra zebra zebra")
        assert [note for note in client.get("/health/ready").json()["reasons"] if "terms alone" in note], (
            "of the others"
        )
        Explainer(database, model, empty_writer, firewall=firewall)
        assert not [note for note in client.get("/health/ready").json()["reasons"] if "terms alone" in note]
        encoder.broken = True
        put(database, firewall, "A Film")
        assert [note for note in client.get("/health/ready").json()["reasons"] if "terms alone" in note]


@pytest.fixture
def empty_writer():
    return Writer(PromptLibrary(), load_vocabulary)
