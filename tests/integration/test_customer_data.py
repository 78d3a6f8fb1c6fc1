"""A customer's page gives all that is held and lets it go: asked first, by a form of ours, with a receipt."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import msgspec
import pytest
from sqlalchemy import select

from explainer.access import Role
from explainer.service.subject.receipts import Receipt, check_receipt
from explainer.storage.erasing import held_counts
from explainer.storage.reading_tables import ViewRow
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.staff import name_of
from tests.integration.staff import is_page, staff_of

HTMX = {"HX-Request": "true"}
ERASE = {"user": "u3", "sure": "yes"}


@pytest.fixture
def admin(explainer):
    made = staff_of(explainer, Role.ADMIN, "/admin/keys", "ada")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def support(explainer):
    made = staff_of(explainer, Role.SUPPORT, "/support")
    yield made
    made.client.__exit__(None, None, None)


def held(database, user="u3"):
    with database.session() as session:
        return held_counts(session, user)


def test_the_page_leads_to_both_and_only_for_those_who_may(admin, support, explainer):
    row = explainer.explain_top("u3", 1)[0]
    for path in ("/?user=u3", f"/support/explanations/{row.id}"):
        for way in ("/data/export?user=u3", "/data/erase?user=u3"):
            assert f'href="{way}"' in admin.see(path).text, path
            assert way not in support.see(path).text, path
    for way in ("/data/export", "/data/erase"):
        assert is_page(support.see(way, user="u3"), 403)
    assert is_page(support.send("/data/erase", **ERASE), 403)


def test_a_download_is_everything_and_is_on_record(admin, database):
    answer = admin.see("/data/export", user="u3")
    assert answer.headers["content-disposition"] == 'attachment; filename="data.zip"'
    assert b"u3" in zipfile.ZipFile(BytesIO(answer.content)).read("data/behaviours.jsonl")
    with database.session() as session:
        assert session.scalars(select(ViewRow.what).where(ViewRow.subject == "u3")).all() == ["everything"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_it_is_asked_first_and_asking_removes_nothing(admin, database, headers):
    admin.client.headers.update(headers)
    before = held(database)
    answer = admin.see("/data/erase", user="u3")
    assert answer.status_code == 200
    assert ("<html" in answer.text) is not bool(headers)
    assert f'<dd class="numbers">{before["behaviours"]}</dd>' in answer.text
    assert re.search('<input type="checkbox"[^>]* required>', answer.text)
    assert held(database)["behaviours"] == before["behaviours"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"user": "u3"}, 400),
        ({"user": "u3", "sure": ""}, 400),
        ({"user": "u3", "sure": "no"}, 400),
        ({"sure": "yes"}, 400),
        (ERASE | {"all": "yes"}, 400),
        (ERASE | {"csrf": "another"}, 403),
        (ERASE | {"csrf": ""}, 403),
    ],
)
def test_nobody_is_erased_by_a_form_that_is_not_ours_or_not_meant(admin, database, fields, status):
    before = held(database)
    assert is_page(admin.send("/data/erase", **fields), status)
    assert held(database) == before


def test_who_confirms_gets_a_receipt_that_proves_it_and_the_same_one_again(admin, database):
    shown = admin.send("/data/erase", **ERASE)
    assert is_page(shown, 200, "Everything was deleted")
    assert held(database) == {}
    receipts = []
    for page in (shown, admin.send("/data/erase", **ERASE)):
        text = re.search('<pre class="receipt">(.*?)</pre>', page.text, re.DOTALL)[1]
        receipts.append(msgspec.json.decode(text.replace("&#34;", '"').encode(), type=Receipt))
    check_receipt(receipts[0])
    assert receipts[0].id == receipts[1].id
    with database.session() as session:
        assert name_of(session, session.scalars(select(ErasureRow)).one().by) == "ada"
    assert "u3" not in shown.text


def test_a_look_at_somebody_who_was_erased_stores_nothing_of_them_again(admin, database):
    admin.send("/data/erase", **ERASE)
    assert admin.see("/data/erase", user="u3").status_code == 200
    assert held(database) == {}


def test_somebody_with_the_role_of_a_program_can_neither_download_nor_delete(explainer):
    shop = staff_of(explainer, Role.APP, "/")
    try:
        for way in ("/data/export", "/data/erase"):
            assert is_page(shop.see(way, user="u3"), 403)
        assert is_page(shop.send("/data/erase", **ERASE), 403)
    finally:
        shop.client.__exit__(None, None, None)
