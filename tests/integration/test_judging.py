"""What is private is judged while the catalogue changes: the judgement of what an item is now is the one that stays."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from explainer.evidence.firewall import Firewall, load_lists
from explainer.judging import Stored, judge_catalogue
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.private import note_judged
from retriever.data import Item


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
