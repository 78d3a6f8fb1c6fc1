"""All that shows a customer's record, asked for by support without a case, and by whoever may see it whole.

Which handlers these are the app itself says: those that are told who looks.
"""

from __future__ import annotations

import inspect
import re
import zipfile
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
from tests.integration.watched import CASE, PIOUS, fitted, keys_of, stored, writing

S, R, U, X = Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
SINCE = "i17"
"""A film that the texts name, and that turned private after they were written."""
PRIVATE = re.compile(r"Choir|Psalm|christianity|Film Number 17\b|(?<![\w+-])(?:s[0-3]|i17)(?![\w+/=-])")
"""Words and ids of private items; a cursor may hold these letters within others."""


@dataclass(frozen=True)
class Ask:
    """One way to look at the customer's record.

    Attributes:
        path: With the explanation's id for ``{one}``, the review's for ``{review}`` and, for ``{secret}``, the id of a
            private behaviour.
        body: What is sent as JSON,
        form: or as a form.
        role: Who sees it whole; everybody else but admins may be refused.
        status: What they are answered by.
        is_refused: Whether support is refused without a case, where it may see it with one.
        tells: Whether there is something private in it.
        looks: How many looks it is.
        subject: Whose record is looked at.
    """

    path: str
    body: dict[str, object] | None = None
    form: dict[str, str] | None = None
    role: Role = S
    status: int = 200
    is_refused: bool = False
    tells: bool = True
    looks: int = 1
    subject: str = PIOUS


_MADE = {"user": PIOUS, "k": 2}
_ONE = "/v1/explanations/{explanation_id:str}"
_USER = "/v1/users/{user:str}"
ASKS = {
    ("GET", "/v1/explanations"): [Ask(f"/v1/explanations?user={PIOUS}")],
    ("POST", "/v1/explanations"): [
        Ask("/v1/explanations", _MADE | {"audience": "auditor"}, status=201),
        Ask("/v1/explanations", _MADE | {"audience": "support"}, status=201),
        Ask("/v1/explanations", _MADE, status=201),
    ],
    ("GET", _ONE): [Ask("/v1/explanations/{one}")],
    ("GET", f"{_ONE}/events"): [Ask("/v1/explanations/{one}/events")],
    ("GET", f"{_ONE}/counterfactual"): [Ask("/v1/explanations/{one}/counterfactual")],
    ("GET", f"{_ONE}/replay"): [Ask("/v1/explanations/{one}/replay", is_refused=True)],
    ("POST", f"{_USER}/preview"): [
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["{film}"], "k": 2}, tells=False),
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["s0"], "k": 2}, is_refused=True),
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["{film}", "{secret}"], "k": 2}, is_refused=True),
    ],
    ("GET", f"{_USER}/recommendations"): [Ask(f"/v1/users/{PIOUS}/recommendations", tells=False)],
    ("GET", f"{_USER}/tags"): [Ask(f"/v1/users/{PIOUS}/tags")],
    ("GET", f"{_USER}/behaviours"): [Ask(f"/v1/users/{PIOUS}/behaviours")],
    ("GET", f"{_USER}/exclusions"): [Ask(f"/v1/users/{PIOUS}/exclusions")],
    ("POST", f"{_USER}/exclusions"): [Ask(f"/v1/users/{PIOUS}/exclusions", {"behaviours": ["s1"]}, role=X)],
    ("POST", f"{_ONE}/embed-token"): [Ask("/v1/explanations/{embedded}/embed-token", {}, status=201, tells=False)],
    ("GET", f"{_USER}/settings"): [Ask(f"/v1/users/{PIOUS}/settings", tells=False)],
    ("GET", "/v1/why-not"): [
        Ask(f"/v1/why-not?user={PIOUS}&item={{item}}"),
        Ask(f"/v1/why-not?user={PIOUS}&item=s0", is_refused=True),
    ],
    ("GET", f"{_USER}/export"): [Ask(f"/v1/users/{PIOUS}/export", role=X)],
    ("GET", f"{_USER}/views"): [Ask(f"/v1/users/{PIOUS}/views", role=U, tells=False)],
    ("GET", "/v1/reviews/{review_id:str}"): [Ask("/v1/reviews/{review}", role=R)],
    ("GET", "/v1/audit/explanations/{explanation_id:str}"): [Ask("/v1/audit/explanations/{one}", role=U)],
    ("GET", "/v1/audit/sample"): [Ask("/v1/audit/sample?seed=x", role=U)],
    ("GET", "/v1/audit/export.jsonl"): [
        Ask("/v1/audit/export.jsonl", role=U, subject=None),
        Ask(f"/v1/audit/export.jsonl?user={PIOUS}", role=U),
    ],
    ("GET", "/v1/audit/export.csv"): [Ask("/v1/audit/export.csv", role=U, subject=None)],
    ("GET", "/v1/audit/package"): [Ask("/v1/audit/package", role=U, subject=None)],
    ("GET", "/"): [Ask(f"/?user={PIOUS}", tells=False), Ask("/", tells=False, looks=0)],
    ("GET", "/preview"): [
        Ask(f"/preview?user={PIOUS}&without={{film}}", tells=False),
        Ask(f"/preview?user={PIOUS}&without=s0", is_refused=True),
        Ask(f"/preview?user={PIOUS}&without={{secret}}", is_refused=True),
    ],
    ("GET", "/explanations/{explanation_id:str}/waterfall.svg"): [Ask("/explanations/{one}/waterfall.svg")],
    ("GET", "/support"): [Ask(f"/support?user={PIOUS}"), Ask("/support", tells=False, looks=0)],
    ("POST", "/support/purpose"): [Ask("/support/purpose", form={"ticket": "T-1"}, status=400, tells=False, looks=0)],
    ("GET", "/support/explanations/{explanation_id:str}"): [Ask("/support/explanations/{one}")],
    ("POST", "/support/explanations/{explanation_id:str}/suppress"): [
        Ask("/support/explanations/{one}/suppress", form={"reason": ""}, status=400),
        Ask("/support/explanations/{one}/suppress", form={"reason": "Not true."}, status=303, tells=False, looks=0),
    ],
    ("GET", "/review/{review_id:str}"): [Ask("/review/{review}", role=R)],
    ("GET", "/audit"): [Ask("/audit", role=U)],
    ("GET", "/audit/sample"): [Ask("/audit/sample?seed=x", role=U), Ask("/audit/sample", role=U, tells=False, looks=0)],
    ("GET", "/audit/explanations/{explanation_id:str}"): [Ask("/audit/explanations/{one}", role=U)],
    ("GET", "/audit/explanations/{explanation_id:str}/replay"): [Ask("/audit/explanations/{one}/replay", role=U)],
    ("GET", "/audit/export.jsonl"): [Ask("/audit/export.jsonl", role=U, subject=None)],
    ("GET", "/audit/export.csv"): [Ask("/audit/export.csv", role=U, subject=None)],
    ("GET", "/audit/package.zip"): [Ask("/audit/package.zip", role=U, subject=None)],
    ("GET", "/data/export"): [Ask(f"/data/export?user={PIOUS}", role=X)],
    ("GET", "/data/erase"): [Ask(f"/data/erase?user={PIOUS}", role=X, tells=False)],
}
CASES = [
    pytest.param(method, ask, id=f"{method} {ask.path} {ask.body or ask.form or ''}".strip())
    for (method, _), asks in sorted(ASKS.items())
    for ask in asks
]


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


@pytest.fixture
def database(make_database, templates, model):
    return make_database("looks", templates(id(model), lambda first: lived_in(first, model)))


@pytest.fixture
def app(database, model, tmp_path):
    packer = Packer(CheckpointFolder(tmp_path / "checkpoints"), Signer.new("test"), tmp_path / "scratch")
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

    def names(self, looks):
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


@pytest.fixture
def desk(app, database):
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


def test_every_handler_that_is_told_who_looks_is_asked_here(app):
    assert shows_records(app) == ASKS.keys()


def is_on_record(desk, ask, role, before, *, unmasked, **case):
    """Assert that since then what was asked is on record: each look once, with its entry, as what it was."""
    looks = [row for key, row in desk.looks().items() if key not in before]
    names = desk.names(looks)
    assert len(looks) == ask.looks
    assert desk.entries() == sorted(desk.looks())
    for look in looks:
        assert (look.subject, names[look.viewer], look.role) == (ask.subject, role.value, role.value)
        assert (look.ticket, look.purpose) == (case.get("X-Ticket", ""), case.get("X-Purpose", ""))
        assert look.unmasked is unmasked, look.what


@pytest.mark.parametrize(("method", "ask"), [case for case in CASES if case.values[1].role is S])
def test_without_a_case_support_learns_nothing_private_and_the_look_is_on_record(desk, method, ask):
    answer = desk.ask(S, method, ask)
    assert desk.private_in(answer) == set()
    if ask.is_refused:
        assert answer.status_code == 403
        assert desk.looks() == {}, "nothing was shown"
        return
    assert answer.status_code == ask.status
    is_on_record(desk, ask, S, (), unmasked=False)


@pytest.mark.parametrize(("method", "ask"), CASES)
def test_with_a_case_or_by_right_it_is_there_whole_and_each_look_is_on_record_once(desk, method, ask):
    case = CASE if ask.role is S else {}
    whole = desk.ask(ask.role, method, ask, **case)
    assert whole.status_code == ask.status
    told = desk.private_in(whole)
    assert bool(told) is ask.tells
    is_on_record(desk, ask, ask.role, (), unmasked=ask.tells, **case)
    before = desk.looks()
    assert desk.private_in(desk.ask(X, method, ask)) == told, "nobody sees more"
    is_on_record(desk, ask, X, before, unmasked=ask.tells)


def test_no_case_opens_to_support_what_is_not_theirs(desk):
    for (method, _), asks in ASKS.items():
        for ask in asks:
            for case in ({}, CASE) if ask.role is not S else ():
                answer = desk.ask(S, method, ask, **case)
                assert (answer.status_code, desk.private_in(answer)) == (403, set()), ask
    assert desk.looks() == {}
    assert not GRANTS[S] & {Scope.AUDIT, Scope.REVIEW, Scope.EXPORT, Scope.ERASE}
