"""What is noted about somebody while they are erased is not left behind, and to look at them brings nothing back."""

from __future__ import annotations

from importlib import import_module
from threading import Thread

import pytest
from sqlalchemy import select

from explainer.access import Caller
from explainer.audit import log
from explainer.errors import NotFoundError
from explainer.server.subjects import everything_about
from explainer.service.exclusions import exclude_behaviours, include_behaviour
from explainer.service.promises import Promises
from explainer.service.subject.erase import erase
from explainer.service.user_settings import set_personalised
from explainer.service.views import Looker, note_look
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.explanation_tables import PromiseRow
from explainer.storage.reading_tables import ViewRow
from tests.integration.erasure.acting import A, S, U, X, checked, delete_user, held
from tests.integration.traces import PURPOSE, TICKET

WHO = "u2"


def an_item(explainer, place=0):
    with explainer.database.session() as session:
        of_theirs = select(BehaviourRow.item_id).where(BehaviourRow.user_id == WHO)
        return session.scalars(of_theirs.order_by(BehaviourRow.id)).all()[place]


def look(explainer):
    looker = Looker(Caller("sue", S, frozenset(), None), TICKET, PURPOSE)
    with explainer.database.session() as session:
        note_look(session, looker, WHO, "explanation")


def include(explainer):
    include_behaviour(explainer.database, WHO, an_item(explainer))


def delete_tag(explainer):
    explainer.tags.delete(WHO, explainer.tags.of(WHO).tags[0].tag)


def restore_tag(explainer):
    explainer.tags.restore(WHO, "noir")


DONE = {
    "exclude": lambda explainer: exclude_behaviours(explainer.database, WHO, [an_item(explainer, 1)]),
    "include": include,
    "tag deleted": delete_tag,
    "tag restored": restore_tag,
    "settings": lambda explainer: set_personalised(explainer.database, WHO, personalised=False),
    "look": look,
    "export": lambda explainer: everything_about(WHO, explainer, Looker(Caller("ann", X, frozenset(), None))),
}


class Meanwhile:
    """Erases somebody in the midst of what somebody else does: it is over before they go on, or waits for them."""

    def __init__(self, database, erasing):
        self.thread = Thread(target=erase, args=(database, erasing, WHO, "test"))

    def before(self, real):
        def first(*args, **kwargs):
            self.begin()
            return real(*args, **kwargs)

        return first

    def after(self, real):
        def then(*args, **kwargs):
            found = real(*args, **kwargs)
            self.begin()
            return found

        return then

    def begin(self):
        if self.thread.ident is None:
            self.thread.start()
            self.thread.join(0.5)  # long enough for one that waits for nobody


@pytest.fixture
def chosen(explainer):
    """Somebody who has chosen before what is taken back then."""
    exclude_behaviours(explainer.database, WHO, [an_item(explainer)])
    delete_tag(explainer)
    restore_tag(explainer)
    return explainer


@pytest.mark.both
@pytest.mark.parametrize("what", DONE)
def test_an_erasure_while_something_is_noted_leaves_nothing(chosen, database, erasing, monkeypatch, what):
    if what == "tag restored":
        delete_tag(chosen)
    meanwhile = Meanwhile(database, erasing)
    monkeypatch.setattr(log, "append", meanwhile.before(log.append))
    DONE[what](chosen)
    meanwhile.thread.join()
    monkeypatch.undo()
    assert held(database, WHO) == {}
    assert checked(database).sound


@pytest.mark.both
@pytest.mark.parametrize("what", ["exclude", "include", "tag deleted"])
def test_an_erasure_after_the_history_was_read_leaves_nothing(chosen, database, erasing, monkeypatch, what):
    item, tag = an_item(chosen), chosen.tags.of(WHO).tags[0].tag
    acts = {
        "exclude": lambda: exclude_behaviours(database, WHO, [item]),
        "include": lambda: include_behaviour(database, WHO, item),
        "tag deleted": lambda: chosen.tags.delete(WHO, tag),
    }
    meanwhile = Meanwhile(database, erasing)
    for module in ("explainer.service.exclusions", "explainer.tags"):
        monkeypatch.setattr(f"{module}.load_history", meanwhile.after(import_module(module).load_history))
    acts[what]()
    meanwhile.thread.join()
    monkeypatch.undo()
    assert held(database, WHO) == {}
    assert checked(database).sound


@pytest.mark.both
def test_what_comes_after_the_erasure_is_refused(chosen, database, erasing):
    item = an_item(chosen)
    erase(database, erasing, WHO, "test")
    with pytest.raises(NotFoundError):
        exclude_behaviours(database, WHO, [item])
    with pytest.raises(NotFoundError):
        chosen.tags.delete(WHO, "noir")
    assert held(database, WHO) == {}


@pytest.mark.parametrize("who", ["erased", "never met"])
def test_to_look_at_somebody_who_is_not_there_is_on_record_and_brings_no_id_back(desk, database, who):
    user = WHO if who == "erased" else "never-met"
    if who == "erased":
        delete_user(desk, WHO)
    case = {"X_Ticket": TICKET, "X_Purpose": PURPOSE}
    paths = ("export", "behaviours", "tags", "exclusions", "settings", "recommendations", "views")
    for role in (X, U, S, A):
        for path in paths:
            desk.ask(role, "GET", f"/v1/users/{user}/{path}", **(case if role is S else {}))
    desk.ask(X, "GET", f"/v1/why-not?user={user}&item=i17")
    assert held(database, user) == {}
    with database.session() as session:
        views = session.scalars(select(ViewRow)).all()
    assert {view.what for view in views} >= {"everything", "behaviours", "tags", "exclusions", "settings", "views"}
    assert {(view.subject, view.record_id, view.ticket, view.purpose) for view in views} == {("", "", "", "")}
    assert checked(database).sound


@pytest.mark.both
@pytest.mark.parametrize("ended", ["died", "made nothing"])
def test_an_idempotency_key_goes_though_nothing_was_made_under_it(database, erasing, ended):
    def make(seal):
        if ended == "made nothing":
            with database.session() as session:
                seal(session, [])

    promises = Promises(database)
    promises.kept("shop", "canary-key", WHO, b'{"user":"u2"}', make)
    promises.kept("shop", "another", "u3", b'{"user":"u3"}', make)
    receipt = erase(database, erasing, WHO, "test")
    assert receipt.counts["promises"] == 1
    with database.session() as session:
        assert session.scalars(select(PromiseRow.key)).all() == ["another"]


@pytest.mark.parametrize("user", ["*", ""])
def test_nobody_is_everybody(desk, database, erasing, user):
    """Who downloaded everything, or looked at people who are gone, is no data of somebody with a strange id."""
    desk.ask(U, "GET", "/v1/audit/export.jsonl")
    desk.ask(S, "GET", "/v1/users/u1/behaviours")
    delete_user(desk, "u1")
    with database.session() as session:
        before = {row.id: (row.subject, row.what) for row in session.scalars(select(ViewRow))}
    assert (None, "download") in before.values()
    assert held(database, user) == {}
    erase(database, erasing, user, "test")
    with database.session() as session:
        assert {row.id: (row.subject, row.what) for row in session.scalars(select(ViewRow))} == before
    assert checked(database).sound


def test_somebody_called_a_star_has_a_record_of_their_own(desk, database):
    desk.ask(U, "GET", "/v1/audit/export.jsonl")
    desk.ask(A, "PUT", "/v1/users/*/settings", {"personalised": False})
    desk.ask(S, "GET", "/v1/users/*/settings")
    seen = desk.ask(U, "GET", "/v1/users/*/views").json()["views"]
    assert [view["what"] for view in seen] == ["settings"]
    delete_user(desk, "*")
    assert held(database, "*") == {}
    with database.session() as session:
        assert session.scalars(select(ViewRow.subject).where(ViewRow.what == "download")).all() == [None]
    assert checked(database).sound
