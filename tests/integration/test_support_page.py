"""The support page without a browser: what is refused, what goes on record, what stays masked."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from explainer.access import Role
from explainer.service.masking import MASK
from explainer.storage.service_tables import SuppressionRow, ViewRow
from explainer.storage.tables import AuditEntryRow, BehaviourRow, ItemRow, SignInRow
from explainer.writing.style import Style
from tests.integration.staff import CONTROLS, is_page, staff_of
from tests.integration.watched import PIOUS, fitted, stored, writing

PURPOSE = "The customer asks why."


@pytest.fixture
def support(explainer):
    made = staff_of(explainer, Role.SUPPORT, "/support")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def row(explainer):
    return next(row for row in explainer.explain_top("u3", 6) if row.evidence)


def count(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("key", ["nowhere", "..%2f..%2fadmin", "%00", "'; DROP TABLE explanations --", "x" * 300, "…"])
def test_an_unknown_record_is_a_page(support, key):
    assert is_page(support.see(f"/support/explanations/{key}"), 404, "Nothing is here")
    assert is_page(support.send(f"/support/explanations/{key}/suppress", reason="Wrong"), 404)


@pytest.mark.parametrize("key", ["a/b", "../../admin", "?x", "#x", "//evil.example", "\\evil.example", "a\r\nX: y"])
def test_an_id_never_leads_out_of_the_records(support, key):
    there = support.see("/support", id=key).headers["location"]
    assert there.startswith("/support/explanations/")
    assert not set(there.removeprefix("/support/explanations/")) & set("/?#\\\r\n")


@pytest.mark.parametrize("field", ["since", "until"])
@pytest.mark.parametrize("given", ["yesterday", "31.03.2026", "2026-02-30T10:00", "1", "<b>", "\x00", "9" * 200])
def test_a_time_that_cannot_be_read_is_told_and_nothing_is_searched(support, database, row, field, given):
    answer = support.see("/support", user="u3", **{field: given})
    assert is_page(answer, 400, "A time here cannot be read.")
    assert "<b>" not in answer.text
    assert row.text not in answer.text
    assert count(database, ViewRow) == 0


@pytest.mark.parametrize("given", ["2026-01-01", "2026-01-01T10:00", "2026-01-01T10:00:30+08:00", "2026-01-01T10:00Z"])
def test_times_are_read_in_utc_or_their_own_zone(support, row, given):
    assert row.id in support.see("/support", user="u3", since=given).text
    assert row.id not in support.see("/support", user="u3", until=given).text


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
    assert count(database, ViewRow) == 0
    support.see("/support", user="u3")
    support.see(f"/support/explanations/{row.id}")
    with database.session() as session:
        views = session.scalars(select(ViewRow).order_by(ViewRow.at)).all()
        audited = session.scalars(
            select(AuditEntryRow.record_id).where(AuditEntryRow.event == "record.viewed").order_by(AuditEntryRow.seq)
        ).all()
    assert [(v.viewer, v.subject, v.what, v.record_id) for v in views] == [
        ("sue", "u3", "explanations", ""),
        ("sue", "u3", "support page", row.id),
    ]
    assert audited == [view.id for view in views]


@pytest.mark.parametrize("bad", [*CONTROLS, "x" * 501, "", "   "])
def test_a_reason_that_is_no_line_of_text_is_refused_with_clear_words(support, database, row, bad):
    answer = support.send(f"/support/explanations/{row.id}/suppress", reason=bad)
    assert is_page(answer, 400, "Give a reason of 1 to 500 characters on one line, without control characters.")
    assert row.text in answer.text, "on the record's own page"
    assert count(database, SuppressionRow) == 0


@pytest.mark.parametrize("reason", ["0", "x", "\\", "\\x00", "0x0 <b>片</b> 😀", "y" * 500])
def test_a_reason_may_have_every_character_of_a_line(support, database, row, reason):
    assert support.send(f"/support/explanations/{row.id}/suppress", reason=f" {reason} ".strip()).status_code == 303
    with database.session() as session:
        assert session.get_one(SuppressionRow, row.id).reason == reason


@pytest.mark.parametrize("bad", CONTROLS)
@pytest.mark.parametrize("field", ["ticket", "purpose"])
def test_a_case_that_is_no_line_of_text_is_refused_with_clear_words(support, database, field, bad):
    fields = {"ticket": "T-1", "purpose": PURPOSE} | {field: f"a {bad} of the customer"}
    assert is_page(support.send("/support/purpose", **fields), 400, "without control characters")
    with database.session() as session:
        assert session.scalars(select(SignInRow.ticket)).all() == [""]


@pytest.mark.parametrize(
    "fields",
    [
        {"ticket": "T-1"},
        {"purpose": PURPOSE},
        {"ticket": "T-1", "purpose": "short"},
        {"ticket": "x" * 201, "purpose": PURPOSE},
        {"ticket": "T-1", "purpose": "x" * 501},
    ],
)
def test_half_a_case_is_refused_and_what_was_typed_is_kept(support, fields):
    answer = support.send("/support/purpose", **fields, back="/support?user=u3")
    assert is_page(answer, 400, "A case needs a ticket of 1 to 200 characters")
    for value in (*fields.values(), "/support?user=u3"):
        assert f'value="{value}"' in answer.text


@pytest.mark.parametrize(
    "back",
    [
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
    ],
)
def test_the_way_back_never_leads_to_what_is_not_supports(support, back):
    answer = support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/support")
    assert "a=b" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("back", ["/support", "/support?user=u3&cursor=a%2Bb", "/support/explanations/abc"])
def test_the_way_back_leads_to_where_the_case_began(support, back):
    assert support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, back=back).headers["location"].endswith(back)


@pytest.mark.parametrize("csrf", ["", "wrong", "\u00e9" * 300])
def test_a_cookie_without_the_forms_token_changes_nothing(support, database, row, csrf):
    for path, fields in (
        ("/support/purpose", {"ticket": "T-1", "purpose": PURPOSE}),
        (f"/support/explanations/{row.id}/suppress", {"reason": "Wrong"}),
    ):
        assert is_page(support.send(path, **fields, csrf=csrf), 403)
        assert support.client.post(path, data=fields, follow_redirects=False).status_code == 403
    assert count(database, SuppressionRow) == 0
    with database.session() as session:
        assert session.scalars(select(SignInRow.ticket)).all() == [""]


def test_a_form_with_fields_that_are_not_ours_is_refused(support, row):
    assert is_page(support.send(f"/support/explanations/{row.id}/suppress", reason="Wrong", by="bob"), 400)
    assert is_page(support.send("/support/purpose", ticket="T-1", purpose=PURPOSE, person="bob"), 400)


class TestOfSomebodyPious:
    """A customer whose record has private things in it from the start."""

    SECRETS = ("Choir", "Psalm", "christianity")

    @pytest.fixture(scope="class")
    def model(self):
        return fitted()

    @pytest.fixture
    def database(self, tmp_path):
        made = stored(tmp_path)
        yield made
        made.engine.dispose()

    @pytest.fixture
    def explainer(self, database, model):
        return writing(database, model, None)

    def told(self, answer):
        return [word for word in self.SECRETS if word in answer.text]

    @pytest.mark.parametrize("audience", ["customer", "support", "auditor"])
    def test_no_private_thing_is_named_before_a_case_begins(self, support, explainer, audience):
        rows = explainer.explain_top(PIOUS, 6, Style("en", audience))
        for path in ("/support?user=pious", *(f"/support/explanations/{row.id}" for row in rows)):
            masked = support.see(path)
            assert masked.status_code == 200
            assert self.told(masked) == [], path
        assert MASK in masked.text
        support.send("/support/purpose", ticket="T-1", purpose=PURPOSE)
        assert self.told(support.see(f"/support/explanations/{rows[0].id}"))
        support.send("/support/purpose")
        assert self.told(support.see(f"/support/explanations/{rows[0].id}")) == []

    @pytest.mark.parametrize("audience", ["support", "auditor"])
    def test_what_they_did_since_that_is_private_is_not_told_of_today_either(
        self, support, explainer, database, audience
    ):
        """Today's text may rest on what was not there when the explanation was made."""
        row = explainer.explain_top("u2", 3, Style("en", audience))[-1]
        with database.session() as session:
            session.execute(update(ItemRow).where(ItemRow.id == row.item_id).values(aspects=["noir", "christianity"]))
            for number in range(3):
                session.add(
                    BehaviourRow(
                        id=f"new-{number}", user_id="u2", item_id=f"s{number}", kind="rating", time=3_000_000, value=5.0
                    )
                )
        answer = support.see(f"/support/explanations/{row.id}")
        assert answer.status_code == 200
        assert [word for word in ("Choir", "Psalm") if word in answer.text] == []
