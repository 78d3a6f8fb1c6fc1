"""All that shows a customer's record, asked for by support without a case, and by whoever may see it whole.

Which handlers these are the app itself says: those that are told who looks.
"""

from __future__ import annotations

import inspect
import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access import GRANTS, Role, Scope
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.counterfactuals import find_all
from explainer.service.exclusions import exclude_behaviours
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.write import Packer
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow
from explainer.storage.reading_tables import ReviewRow, ViewRow
from explainer.storage.staff import names_of
from explainer.writing.style import Style
from tests.conftest import making
from tests.integration.watched import CASE, PIOUS, fitted, keys_of, stored, writing
from tests.integration.ways_to_look import ASKS, CASES, SINCE

S, R, U, X = Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
PRIVATE = re.compile(r"Choir|Psalm|christianity|Film Number 17\b|(?<![\w+-])(?:s[0-3]|i17)(?![\w+/=-])")
"""Words and ids of private items; a cursor may hold these letters within others."""


@pytest.fixture(scope="module")
def model():
    return fitted()


def lived_in(database, model):
    """Put into a database what a private life leaves there: explanations that tell of it, choices, a report."""
    database.migrate()
    explainer = writing(stored(database), model, None)
    rows = explainer.explain_top(PIOUS, 2, Style("en", "auditor"))
    find_all(explainer, rows)
    explainer.explain_top(PIOUS, 1)
    one = next(row for row in rows if [cited.item_id for cited in row.evidence] == [SINCE])
    give_feedback(database, one.id, FeedbackKind.WRONG, "Not me.", "shop")
    exclude_behaviours(database, PIOUS, ["s3"])
    explainer.tags.delete(PIOUS, "christianity")
    with database.session() as session:
        secret = session.scalars(select(BehaviourRow.id).where(BehaviourRow.item_id == "s0")).one()
        found = session.get_one(CounterfactualRow, one.id)
        found.record = found.record | {"behaviours": [secret]}
        session.get_one(ItemRow, SINCE).private = "health"


@pytest.fixture(scope="module")
def lived(templates, model):
    """URL of a database that is only copied."""
    return templates(id(model), lambda first: lived_in(first, model))


def app_of(database, model, folder):
    packer = Packer(CheckpointFolder(folder / "checkpoints"), Signer.new("test"), folder / "scratch")
    return create_app(writing(database, model, None), queue=4, parts=Parts(packer=packer))


@dataclass
class Desk:
    """Where all roles ask, and what is on record of that."""

    client: TestClient
    database: object
    keys: dict[Role, dict[str, str]]
    names: dict[str, str]
    secrets: frozenset[str]

    def ask(self, role, method, ask, **case):
        """Ask; keep nothing of what an earlier one made it say."""
        sent = {"json": self._with(ask.body)} if ask.body is not None else {"data": ask.form} if ask.form else {}
        return self.client.request(
            method, ask.path.format(**self.names), headers=self.keys[role] | case, follow_redirects=False, **sent
        )

    def _with(self, body):
        named = [one.format(**self.names) for one in body.get("exclude", ())]
        return body | {"exclude": named} if named else body

    def looks(self):
        with self.database.session() as session:
            return {row.id: row for row in session.scalars(select(ViewRow))}

    def viewers(self, looks):
        with self.database.session() as session:
            return names_of(session, [look.viewer for look in looks])

    def entries(self):
        with self.database.session() as session:
            found = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "record.viewed"))
            return sorted(entry.record_id for entry in found)

    def private_in(self, answer):
        """Return what an answer has in it that nobody may learn."""
        told = text_of(answer)
        return {one for one in self.secrets if one in told} | set(PRIVATE.findall(told))


def text_of(answer):
    """Return all that an answer holds, the files of an archive unpacked."""
    if answer.headers.get("content-type") != "application/zip":
        return answer.text
    held = zipfile.ZipFile(BytesIO(answer.content))
    return "\n".join(held.read(name).decode(errors="replace") for name in held.namelist())


@contextmanager
def desk_of(app, database):
    keys = keys_of(database)
    with database.session() as session:
        one = session.scalars(select(ReviewRow.explanation_id)).one()
        did = session.execute(select(BehaviourRow.id, BehaviourRow.item_id).where(BehaviourRow.user_id == PIOUS)).all()
        names = {
            "one": one,
            "embedded": session.scalars(select(ExplanationRow.id).where(ExplanationRow.audience == "customer")).one(),
            "review": session.scalars(select(ReviewRow.id)).one(),
            "item": session.get_one(ExplanationRow, one).item_id,
            "film": next(row.item_id for row in did if row.item_id.startswith("i") and row.item_id != SINCE),
            "secret": next(row.id for row in did if row.item_id == "s0"),
        }
    secrets = frozenset(row.id for row in did if row.item_id.startswith("s") or row.item_id == SINCE)
    with TestClient(app) as client:
        yield Desk(client, database, keys, names, secrets)


@pytest.fixture(scope="module")
def reading(on_server, lived, model, tmp_path_factory):
    """A desk for all tests that only read: of them nothing is left but looks."""
    folder = tmp_path_factory.mktemp("looks")
    with making(on_server, folder) as make:
        database = make("looks", lived)
        with desk_of(app_of(database, model, folder), database) as desk:
            yield desk


@pytest.fixture
def own(make_database, lived, model, tmp_path):
    database = make_database("looks", lived)
    with desk_of(app_of(database, model, tmp_path), database) as desk:
        yield desk


@pytest.fixture
def desk(request, method, ask):
    only_reads = method == "GET" and not ask.path.endswith("/views")  # which tells of the others' looks
    return request.getfixturevalue("reading" if only_reads else "own")


def shows_records(app):
    """Return (method, path) of all handlers that are told who looks, by themselves or within what they are told."""
    telling = {name for name, one in app.dependencies.items() if is_told_why(one.dependency)}
    assert telling == {"looker", "reading"}
    return {
        (method, route.path)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods - {"HEAD", "OPTIONS"}
        if telling & handler.parsed_fn_signature.parameters.keys()
    }


def is_told_why(dependency):
    return "x_ticket" in inspect.signature(getattr(dependency, "func", dependency)).parameters


def test_every_handler_that_is_told_who_looks_is_asked_here(reading):
    assert shows_records(reading.client.app) == ASKS.keys()


def is_on_record(desk, ask, role, before, *, unmasked, **case):
    """Assert that since then what was asked is on record: each look once, with its entry, as what it was."""
    looks = [row for key, row in desk.looks().items() if key not in before]
    viewers = desk.viewers(looks)
    assert len(looks) == ask.looks
    assert desk.entries() == sorted(desk.looks())
    for look in looks:
        assert (look.subject, viewers[look.viewer], look.role) == (ask.subject, role.value, role.value)
        assert (look.ticket, look.purpose) == (case.get("X-Ticket", ""), case.get("X-Purpose", ""))
        assert look.unmasked is unmasked, look.what


@pytest.mark.parametrize(("method", "ask"), [case for case in CASES if case.values[1].role is S])
def test_without_a_case_support_learns_nothing_private_and_the_look_is_on_record(desk, method, ask):
    before = desk.looks()
    answer = desk.ask(S, method, ask)
    assert desk.private_in(answer) == set()
    if ask.is_refused:
        assert answer.status_code == 403
        assert desk.looks().keys() == before.keys(), "nothing was shown"
        return
    assert answer.status_code == ask.status
    is_on_record(desk, ask, S, before, unmasked=False)


@pytest.mark.parametrize(("method", "ask"), CASES)
def test_with_a_case_or_by_right_it_is_there_whole_and_each_look_is_on_record_once(desk, method, ask):
    case, before = CASE if ask.role is S else {}, desk.looks()
    whole = desk.ask(ask.role, method, ask, **case)
    assert whole.status_code == ask.status
    told = desk.private_in(whole)
    assert bool(told) is ask.tells
    is_on_record(desk, ask, ask.role, before, unmasked=ask.tells, **case)
    before = desk.looks()
    assert desk.private_in(desk.ask(X, method, ask)) == told, "nobody sees more"
    is_on_record(desk, ask, X, before, unmasked=ask.tells)


def test_no_case_opens_to_support_what_is_not_theirs(own):
    for (method, _), asks in ASKS.items():
        for ask in asks:
            for case in ({}, CASE) if ask.role is not S else ():
                answer = own.ask(S, method, ask, **case)
                assert (answer.status_code, own.private_in(answer)) == (403, set()), ask
    assert own.looks() == {}
    assert not GRANTS[S] & {Scope.AUDIT, Scope.REVIEW, Scope.EXPORT, Scope.ERASE}
