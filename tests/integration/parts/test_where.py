"""Each explanation lies in the part of its month, is found there alone, and lies in the rest where there is none."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.audit.check import check_log
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.cli import main
from explainer.errors import ConflictError
from explainer.server.app import create_app
from explainer.service.audited import KEPT
from explainer.service.retention import apply
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.storage.base import now
from explainer.storage.copying import copy_rows
from explainer.storage.erasing import held_counts
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.ids import id_at
from explainer.storage.months import AHEAD, month_note
from explainer.view import record_of
from tests.integration.parts.acting import (
    REST,
    UNDATED,
    ask,
    begin_anew,
    explainer_of,
    made_at,
    month_on,
    part_of,
    parts,
    run,
    this_month,
    where_they_lie,
    without,
    without_this_month,
)
from tests.integration.staff import staff_of

_LATER = datetime(2031, 5, 31, 23, 59, 59, 999_000, tzinfo=UTC)


def sound(database):
    with database.session() as session:
        verify(stored_entries(session), [], StoredNodes(session))
        found = check_log(session, KEPT)
    assert found.sound, found.findings
    return found


def note_of(database):
    with database.look() as connection:
        return month_note(connection)


def test_what_is_explained_now_lies_in_this_month(explainer, database):
    rows = explainer.explain_top("u1", 3)
    assert where_they_lie(database) == {row.id: this_month() for row in rows}
    assert note_of(database) == ""


def test_this_month_and_the_next_three_have_parts_and_so_have_random_ids_and_the_rest(database):
    assert len(parts(database)) == 1 + AHEAD + 2
    assert {this_month(), REST, UNDATED} <= parts(database)


def test_bounds_of_all_months_there_can_be_are_those_of_ids(database):
    """On both sides of each, to the millisecond."""
    months = [datetime(year, month, 1, tzinfo=UTC) for year in range(2026, 2075) for month in range(1, 13)][:580]
    asked = [f"('{month:%Y-%m-%d}'::timestamp)" for month in months]
    found = ask(database, f"SELECT explanations_first_id(begins) FROM (VALUES {', '.join(asked)}) AS all_of (begins)")
    assert len(found) == len(months)
    for (bound,), month in zip(found, months, strict=True):
        assert id_at(month - timedelta(milliseconds=1)) < bound <= id_at(month) < "03"


@pytest.mark.parametrize("kept", ["none", "prepared"])
def test_whoever_looks_for_an_id_looks_into_one_part(explainer, database, kept):
    (row,) = explainer.explain_top("u1", 1)
    with database.engine.connect() as connection:
        if kept == "prepared":
            connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
            connection.exec_driver_sql("PREPARE find(varchar) AS SELECT title FROM explanations WHERE id = $1")
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE) EXECUTE find('{row.id}')").scalars().all()
        else:
            plan = connection.exec_driver_sql(f"EXPLAIN SELECT title FROM explanations WHERE id = '{row.id}'")
            plan = plan.scalars().all()
    looked = [line for line in plan if "Scan" in line]
    assert [re.findall(r"on (explanations_\w+)", line) for line in looked] == [[this_month()]]


def test_a_join_by_ids_can_use_the_index_of_either_side(database):
    """Of two orders of letters only one would have an index."""
    query = "SELECT 1 FROM {} a JOIN {} b ON a.{} = b.{}"
    pairs = [
        ("explanations", "evidence", "id", "explanation_id"),
        ("evidence", "explanations", "explanation_id", "id"),
        ("explanations", "audit_entries", "id", "record_id"),
        ("explanations", "pregenerated", "id", "explanation_id"),
    ]
    with database.engine.connect() as connection:
        for way in ("hashjoin", "mergejoin", "seqscan"):
            connection.exec_driver_sql(f"SET enable_{way} = off")
        for left, right, one, other in pairs:
            where = f" WHERE a.{one} = 'x' OR a.{one} > 'y'"
            plan = "\n".join(
                connection.exec_driver_sql("EXPLAIN " + query.format(left, right, one, other) + where).scalars()
            )
            assert re.search(rf"Index Cond: \(\(?{other}\)?(::text)? = ", plan), plan


def test_the_part_is_of_the_id_s_month_whatever_the_server_s_clock_says(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    months = sorted(parts(database) - {REST, UNDATED})
    moments = [datetime.strptime(name, "explanations_%Y_%m").replace(tzinfo=UTC) for name in months]
    for name, begins in zip(months, moments, strict=True):
        made = made_at(database, begins, row.id)
        assert where_they_lie(database)[made] == name
    last = made_at(database, moments[1] - timedelta(milliseconds=1), row.id)
    assert where_they_lie(database)[last] == months[0]


def test_a_month_that_nobody_made_lies_in_the_rest_and_all_works_there(own, model, tmp_path):
    database, explainer = own, explainer_of(own, model)
    without_this_month(database)
    rows = explainer.explain_top("u1", 2) + explainer.explain_top("u2", 1)
    assert where_they_lie(database) == {row.id: REST for row in rows}
    with database.session() as session:
        assert [record_of(get_explanation(session, row.id)) for row in rows] == [record_of(row) for row in rows]
    sound(database)
    key = ErasureKey.load(tmp_path / "erasure.key")
    erase(database, Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)), "u1", "test")
    assert set(where_they_lie(database)) == {rows[2].id}
    with database.session() as session:
        assert not any(held_counts(session, "u1").values())
    assert sound(database).erased > 0


def test_readiness_the_admin_s_page_and_the_command_say_that_a_month_has_no_part(explainer, database):
    without_this_month(database)
    explainer.explain_top("u1", 1)  # from here on it cannot get one any more
    month = f"{now():%Y-%m}"
    ended = CliRunner().invoke(main, ["migrate"], env={"EXPLAINER_DATABASE_URL": database.url})
    assert (ended.exit_code, month in ended.output) == (0, True), ended.output
    with TestClient(create_app(explainer, queue=4)) as client:
        told = client.get("/health/ready")
    assert (told.status_code, told.json()["status"]) == (200, "degraded")
    assert any(month in note and "explainer migrate" in note for note in told.json()["reasons"])
    staff = staff_of(explainer, Role.ADMIN, "/admin/")
    try:
        assert f"Explanations of {month} have no part of their own" in staff.see("/admin/").text
    finally:
        staff.client.__exit__(None, None, None)


def test_they_say_so_of_the_next_month_while_there_is_time(explainer, database):
    begins = month_on(1)
    without(database, part_of(begins))
    found = note_of(database)
    assert f"{begins:%Y-%m} have no part of their own yet" in found and "explainer migrate" in found
    assert f"{now():%Y-%m}" not in found
    with TestClient(create_app(explainer, queue=4)) as client:
        assert found in client.get("/health/ready").json()["reasons"]
    database.migrate()
    assert note_of(database) == ""


def test_of_two_months_without_parts_both_are_named(database):
    months = [month_on(0), month_on(1)]
    without(database, *map(part_of, months))
    assert all(f"{month:%Y-%m}" in note_of(database) for month in months)


def test_the_next_migration_makes_what_is_missing_and_leaves_what_has_begun_in_the_rest(explainer, database):
    gone = {this_month(), max(parts(database) - {REST, UNDATED})}
    without(database, *gone)
    (row,) = explainer.explain_top("u1", 1)
    database.migrate()
    assert gone - parts(database) == {this_month()}
    assert where_they_lie(database) == {row.id: REST}
    begin_anew(database)
    assert (gone - parts(database), note_of(database)) == (set(), "")


def test_a_year_that_has_no_parts_is_searched_kept_and_removed_as_any_other(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    later = made_at(database, _LATER, row.id)
    assert where_they_lie(database) == {row.id: this_month(), later: REST}
    assert apply(database, {"explanations": _LATER}) != {}
    assert set(where_they_lie(database)) == {later}


def test_an_id_is_there_once_however_rows_come(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    values = {name: getattr(row, name) for name in ExplanationRow.__mapper__.column_attrs.keys()}  # noqa: SIM118
    with database.session() as session:
        session.execute(insert(ExplanationRow).on_conflict_do_nothing(), [values])
    with pytest.raises(ConflictError, match="duplicate"), database.session() as session:
        session.execute(insert(ExplanationRow), [values])
    with database.session() as session:
        assert session.scalars(select(ExplanationRow.id)).all() == [row.id]


def test_a_bulk_load_by_copy_finds_the_parts(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    names = [column.name for column in ExplanationRow.__table__.columns]
    ((told,),) = ask(database, "SELECT row_to_json(e) FROM explanations e")
    ids = [id_at(now()), id_at(_LATER), "ffffffff-0000-4000-8000-000000000000"]
    rows = [[_cell((told | {"id": one})[name]) for name in names] for one in ids]
    with database.engine.begin() as connection:
        copy_rows(connection, "explanations", [f'"{name}"' for name in names], rows)
    lie = where_they_lie(database)
    assert [lie[one] for one in (row.id, *ids)] == [this_month(), this_month(), REST, UNDATED]


def _cell(value):
    if isinstance(value, dict | list):
        return json.dumps(value)
    return None if value is None else str(value)


def test_evidence_needs_its_explanation_in_whichever_part(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    later = made_at(database, _LATER, row.id)
    copied = (
        "INSERT INTO evidence (explanation_id, slot, behaviour_id, item_id, title, kind, contribution, share, reasons, "
        "merged) SELECT '{}', 'b9', behaviour_id, item_id, title, kind, 0, 0, reasons, merged FROM evidence LIMIT 1"
    )
    run(database, copied.format(later))
    for statement in (copied.format(id_at(now())), f"DELETE FROM explanations WHERE id = '{later}'"):
        with pytest.raises(ConflictError, match="foreign key"), database.session() as session:
            session.connection().exec_driver_sql(statement)
    with database.session() as session:
        assert session.scalars(select(EvidenceRow).where(EvidenceRow.explanation_id == later)).one().slot == "b9"


def test_a_key_reads_pages_over_all_parts_newest_first(explainer, database):
    rows = explainer.explain_top("u1", 3)
    moments = [_LATER, now() - timedelta(days=400)]
    made = [made_at(database, at, rows[0].id, fingerprint=f"f{at:%Y}") for at in moments]
    with database.session() as session:
        key = create_key(session, "reads")
    with TestClient(create_app(explainer, queue=4)) as client:
        client.headers["X-API-Key"] = key
        first = client.get("/v1/explanations", params={"limit": 2}).json()
        rest = client.get("/v1/explanations", params={"limit": 9, "cursor": first["next"]}).json()
    seen = [one["id"] for one in (*first["explanations"], *rest["explanations"])]
    assert (seen[0], seen[-1], set(seen[1:-1])) == (made[0], made[1], {row.id for row in rows})
