"""The support page without a browser: what is refused, what goes on record, what stays masked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from explainer.access import Role
from explainer.storage.access_tables import SignInRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import SuppressionRow, ViewRow
from explainer.storage.staff import names_of
from tests.databases import number_of
from tests.integration.staff import CONTROLS, is_page, staff_of, status_of_nothing

PURPOSE = "The customer asks why."


@pytest.fixture
def support(explainer):
    made = staff_of(explainer, Role.SUPPORT, "/support")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def row(explainer):
    return next(row for row in explainer.explain_top("u3", 6) if row.evidence)


def test_an_unknown_record_is_a_page(support):
    for key in ("nowhere", "..%2f..%2fadmin", "%00", "'; DROP TABLE explanations --", "x" * 300, "…"):
        status = status_of_nothing(key)
        said = "Nothing is here" if status == 404 else "cannot hold"
        assert is_page(support.see(f"/support/explanations/{key}"), status, said), key
        assert is_page(support.send(f"/support/explanations/{key}/suppress", reason="Wrong"), status), key


def test_an_id_leads_to_its_record_and_what_is_none_leads_nowhere(support, row):
    assert support.see("/support", id=f" {row.id} ").headers["location"] == f"/support/explanations/{row.id}"
    for key in (
        "a/b",
        "../../admin",
        "?x",
        "//evil.example",
        "\\evil.example",
        "a\r\nX: y",
        "Sue Smith",
        f"{row.id}/x",
    ):
        answer = support.see("/support", id=key)
        assert "location" not in answer.headers, key
        assert is_page(answer, 400, "That is no id of an explanation."), key


@pytest.mark.parametrize("field", ["since", "until"])
def test_a_time_that_cannot_be_read_is_told_and_nothing_is_searched(support, database, row, field):
    for given in ("yesterday", "31.03.2026", "2026-02-30T10:00", "1", "<b>", "\x00", "9" * 200):
        answer = support.see("/support", user="u3", **{field: given})
        assert is_page(answer, 400, "A time here cannot be read."), given
        assert "<b>" not in answer.text
        assert row.text not in answer.text, given
    assert number_of(database, ViewRow) == 0


def test_times_are_read_in_utc_or_their_own_zone(support, database, row):
    with database.session() as session:
        session.get_one(ExplanationRow, row.id).created_at = datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
    for before in ("2026-01-01", "2026-01-01T10:00", "2026-01-01T18:00:30+08:00", "2026-01-01T10:00Z"):
        assert row.id in support.see("/support", user="u3", since=before).text, before
        assert row.id not in support.see("/support", user="u3", until=before).text, before
    for after in ("2026-01-02", "2026-01-01T11:00", "2026-01-01T10:00:00-08:00"):
        assert row.id not in support.see("/support", user="u3", since=after).text, after
        assert row.id in support.see("/support", user="u3", until=after).text, after


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-01-02", "until": "2026-01-01"},
        {"since": "2026-01-01T00:00", "until": "2026-01-01T00:00"},
        {"since": "0001-01-01T00:00+14:00"},
    ],
)
def test_a_search_that_can_find_nothing_is_told(support, query):
    assert is_page(support.see("/support", **query), 400, "The search ends before it begins.")


def test_what_is_filled_in_too_long_and_a_cursor_that_is_none_are_refused_on_a_page(support):
    assert is_page(support.see("/support", user="x" * 201), 400)
    assert is_page(support.see("/support", user="u3", cursor="nonsense"), 400)


def test_every_record_that_is_opened_or_found_is_on_record(support, database, row):
    support.see("/support")
    assert number_of(database, ViewRow) == 0
    support.see("/support", user="u3")
    support.see(f"/support/explanations/{row.id}")
    with database.session() as session:
        views = session.scalars(select(ViewRow).order_by(ViewRow.at)).all()
        audited = session.scalars(
            select(AuditEntryRow.record_id).where(AuditEntryRow.event == "record.viewed").order_by(AuditEntryRow.seq)
        ).all()
        names = names_of(session, [view.viewer for view in views])
    assert [(names[v.viewer], v.subject, v.what, v.record_id) for v in views] == [
        ("sue", "u3", "explanations", ""),
        ("sue", "u3", "support page", row.id),
    ]
    assert audited == [view.id for view in views]


def test_a_reason_that_is_no_line_of_text_is_refused_with_clear_words(support, database, row):
    for bad in (*(f"a{control}b" for control in CONTROLS), "x" * 501, "", "   "):
        answer = support.send(f"/support/explanations/{row.id}/suppress", reason=bad)
        assert is_page(answer, 400, "Give a reason of 1 to 500 characters on one line, without control characters.")
        assert row.text in answer.text, "on the record's own page"
    assert number_of(database, SuppressionRow) == 0


def test_a_reason_may_have_every_character_of_a_line(support, explainer, database):
    reasons = ["0", "x", "\\", "\\x00", "0x0 <b>片</b> 😀", "y" * 500]
    for row, reason in zip(explainer.explain_top("u3", 6), reasons, strict=True):
        answer = support.send(f"/support/explanations/{row.id}/suppress", reason=reason)
        assert answer.headers["location"] == f"/support/explanations/{row.id}"
        with database.session() as session:
            assert session.get_one(SuppressionRow, row.id).reason == reason


@pytest.mark.parametrize("field", ["ticket", "purpose"])
def test_a_case_that_is_no_line_of_text_is_refused_with_clear_words(support, database, field):
    for bad in CONTROLS:
        fields = {"ticket": "T-1", "purpose": PURPOSE} | {field: f"a {bad} of the customer"}
        assert is_page(support.send("/support/purpose", **fields), 400, "without control characters"), bad
    with database.session() as session:
        assert session.scalars(select(SignInRow.ticket)).all() == [""]


def test_half_a_case_is_refused_and_what_was_typed_is_kept(support):
    for fields in (
        {"ticket": "T-1"},
        {"purpose": PURPOSE},
        {"ticket": "T-1", "purpose": "short"},
        {"ticket": "x" * 201, "purpose": PURPOSE},
        {"ticket": "T-1", "purpose": "x" * 501},
    ):
        answer = support.send("/support/purpose", **fields, back="/support?user=u3")
        assert is_page(answer, 400, "A case needs a ticket of 1 to 200 characters")
        for value in (*fields.values(), "/support?user=u3"):
            assert f'value="{value}"' in answer.text


ELSEWHERE = (
    "https://evil.example/support",
    "//evil.example/support",
    "/\\evil.example",
    "/support.evil.example",
    "/support@evil.example",
    "/supporters",
    "/admin/keys",
    "javascript:alert(1)",
    "/support/\r\nSet-Cookie: a=b",
    " /support/x",
    "/support/\u202e",
    "support",
)


def test_the_way_back_never_leads_to_what_is_not_supports(support):
    for back in ELSEWHERE:
        answer = support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, back=back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/support"), back
        assert "a=b" not in answer.headers.get("set-cookie", "")


def test_the_way_back_leads_to_where_the_case_began(support):
    for back in ("/support", "/support?user=u3&cursor=a%2Bb", "/support/explanations/abc"):
        answer = support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, back=back)
        assert answer.headers["location"] == back


@pytest.mark.parametrize("csrf", ["", "wrong", "\u00e9" * 300])
def test_a_cookie_without_the_forms_token_changes_nothing(support, database, row, csrf):
    for path, fields in (
        ("/support/purpose", {"ticket": "T-1", "purpose": PURPOSE}),
        (f"/support/explanations/{row.id}/suppress", {"reason": "Wrong"}),
    ):
        assert is_page(support.send(path, **fields, csrf=csrf), 403)
        assert support.client.post(path, data=fields, follow_redirects=False).status_code == 403
    assert number_of(database, SuppressionRow) == 0
    with database.session() as session:
        assert session.scalars(select(SignInRow.ticket)).all() == [""]


def test_a_form_with_fields_that_are_not_ours_is_refused(support, row):
    assert is_page(support.send(f"/support/explanations/{row.id}/suppress", reason="Wrong", by="bob"), 400)
    assert is_page(support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, person="bob"), 400)
