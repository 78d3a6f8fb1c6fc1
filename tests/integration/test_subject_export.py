"""All that is held about a person, given to them: complete, readable by machines and people, and on record."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from datetime import datetime

import pytest
from sqlalchemy import func, insert, inspect, select

from explainer.access import Role
from explainer.audit.log import digest_of
from explainer.service.audited import KEPT
from explainer.service.subject import export
from explainer.service.subject.export import archive
from explainer.service.subject.words import COLUMNS, TABLES, WORDS
from explainer.storage.audit_tables import AuditEntryRow, AuditSubjectRow
from explainer.storage.base import UtcDateTime
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.erasing import held_counts
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.storage.personal import HELD
from explainer.storage.reading_tables import ViewRow
from explainer.storage.staff import names_of
from tests.integration.leftovers import leave_the_rest
from tests.integration.traces import BEHAVIOUR, COMMENT, NOTE, PURPOSE, REASON, USER, desk_of, live


@pytest.fixture
def desk(explainer):
    with desk_of(explainer) as made:
        yield made


def unpacked(body):
    with zipfile.ZipFile(io.BytesIO(body)) as archive_:
        assert archive_.testzip() is None
        return {name: archive_.read(name) for name in archive_.namelist()}


def lines(files, table):
    return [json.loads(line) for line in files[f"data/{table}.jsonl"].splitlines()]


def test_it_is_everything_as_lines_and_as_a_page_in_each_language(desk, database):
    ids = live(desk)
    with database.session() as session:
        counts = held_counts(session, USER)
        entries = session.scalar(select(func.count()).where(AuditSubjectRow.subject == USER))
    answer = desk.ask(Role.APP, "GET", f"/v1/users/{USER}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "no-store"
    files = unpacked(answer.content)
    shown = {held.name for held in HELD if held.shown} - {"audit_salts"}
    assert files.keys() == {f"data/{name}.jsonl" for name in {*shown, "audit_entries"}} | {
        "en.html",
        "zh.html",
        "about.json",
    }
    for name in shown:
        assert len(lines(files, name)) == counts.get(name, 0), name
    assert len(lines(files, "audit_entries")) == entries + 1  # this one, too
    assert {row["id"] for row in lines(files, "explanations")} == set(ids)
    about = json.loads(files["about.json"])
    assert (about["user"], about["rows"]["behaviours"]) == (USER, 6)
    everything = b"".join(files.values()).decode()
    for told in (COMMENT, NOTE, REASON, PURPOSE, BEHAVIOUR.format(n=5), "canary-idempotency-key"):
        assert told in everything, told


def row_of(table, columns):
    """Return a row of a table again, made of an exported line."""
    kinds = {attribute.key: attribute.columns[0].type for attribute in inspect(table).column_attrs}
    moments = {name for name, kind in kinds.items() if isinstance(kind, UtcDateTime) and columns[name]}
    return table(**{name: datetime.fromisoformat(one) if name in moments else one for name, one in columns.items()})


def rows_of(files, kind):
    rows = [row_of(kind.table, columns) for columns in lines(files, kind.table.__tablename__)]
    if kind.table is ExplanationRow:
        cited = [row_of(EvidenceRow, columns) for columns in lines(files, "evidence")]
        for row in rows:
            row.evidence = sorted((one for one in cited if one.explanation_id == row.id), key=lambda one: one.slot)
    return rows


def test_every_record_proves_itself_to_the_person(desk, database, tmp_path):
    """From the lines that they were given the digests of their own entries are computed anew, to the last bit."""
    leave_the_rest(database, live(desk), tmp_path)
    files = unpacked(desk.ask(Role.APP, "GET", f"/v1/users/{USER}/export").content)
    shown = {held.name for held in HELD if held.shown}
    proved = Counter()
    for kind in (kind for kind in KEPT if kind.table.__tablename__ in shown):
        rows = rows_of(files, kind)
        entries = lines(files, "audit_entries")
        ended = {entry["record_id"] for entry in entries if entry["event"] in kind.ends}
        for entry in entries:
            if entry["event"] not in kind.events or entry["record_id"] in ended:
                continue
            about = [row for row in rows if kind.reference(row) == entry["record_id"]]
            digests = {digest_of(kind.record(row), bytes.fromhex(entry["salt"])) for row in about}
            assert entry["digest"] in digests, entry["event"]
            proved[entry["event"]] += 1
    assert proved.keys() == {
        *("explanation.created", "counterfactual.found", "feedback.given", "explanation.revised"),
        *("explanation.suppressed", "record.viewed", "review.decided", "tag.deleted", "behaviour.excluded"),
    }


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_page_loads_nothing_runs_nothing_and_takes_words_for_words(explainer, desk, locale):
    hostile = "<script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>"
    (row,) = explainer.explain_top("u1", 1)
    said = {"kind": "helpful", "comment": hostile}
    assert desk.ask(Role.APP, "POST", f"/v1/explanations/{row.id}/feedback", said).status_code == 201
    page = unpacked(desk.ask(Role.APP, "GET", "/v1/users/u1/export").content)[f"{locale}.html"].decode()
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|img|link|iframe|object|form|a)\b", page)
    assert not re.search(r"\b(src|href|onerror)\s*=", re.sub(r"&lt;.*?&gt;", "", page))
    assert "default-src 'none'" in page
    assert f'<html lang="{locale}">' in page
    assert WORDS[locale].title in page
    assert all(TABLES[name][locale] in page for name in COLUMNS)


def test_a_user_whom_we_never_met_gets_an_empty_one(desk):
    files = unpacked(desk.ask(Role.APP, "GET", "/v1/users/never-met/export").content)
    assert lines(files, "behaviours") == lines(files, "explanations") == []
    assert WORDS["en"].none in files["en.html"].decode()


def test_each_is_on_record_and_a_look_by_an_admin_besides(desk, database):
    desk.ask(Role.APP, "GET", "/v1/users/u1/export")
    desk.ask(Role.ADMIN, "GET", "/v1/users/u1/export")
    with database.session() as session:
        events = session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.event == "subject.exported")).all()
        views = session.scalars(select(ViewRow)).all()
        names = names_of(session, [view.viewer for view in views])
    assert len(events) == 2
    assert [(names[view.viewer], view.what, view.unmasked) for view in views] == [("admin key", "everything", True)]


def test_it_is_made_while_it_is_sent(database):
    """However much is held: no piece is large, and reading one does not read on to the end."""
    rows = [
        {"id": f"b{n}", "user_id": "busy", "item_id": f"i{n % 60}", "kind": "view", "value": None, "time": n}
        for n in range(20_000)
    ]
    with database.session() as session:
        session.execute(insert(BehaviourRow), rows)
    pieces = archive(database, "busy")
    first = next(pieces)
    rest = list(pieces)
    assert max(map(len, [first, *rest])) < 2 * export._PIECE
    files = unpacked(b"".join([first, *rest]))
    assert len(lines(files, "behaviours")) == 20_000
    assert files["en.html"].count(b"<tr>") >= 20_000


def test_every_table_and_column_of_the_page_has_words_in_every_language():
    shown = {held.name for held in HELD if held.shown} - {"audit_salts"} | {"audit_entries"}
    assert shown == set(TABLES) == set(COLUMNS)
    for locale, words in WORDS.items():
        assert all(names[locale] for names in TABLES.values())
        assert {column for columns in COLUMNS.values() for column in columns} == set(words.columns)
