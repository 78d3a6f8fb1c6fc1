"""The reviewers' and admins' pages without a browser: what is refused, and what only the right form changes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in, signed_in
from explainer.storage.access_tables import ApiKeyRow, PersonRow
from explainer.storage.reading_tables import ReviewRow, ViewRow
from explainer.storage.reviews import Cause, enqueue
from explainer.storage.staff import name_of
from explainer.storage.version_tables import RegistryChangeRow
from tests.integration.staff import CONTROLS, is_page, staff_of, status_of_nothing


@pytest.fixture
def reviewer(explainer):
    made = staff_of(explainer, Role.REVIEWER, "/review")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def admin(explainer):
    made = staff_of(explainer, Role.ADMIN, "/admin/keys", "ada")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def review(explainer, database):
    with database.session() as session:
        enqueue(session, [explainer.explain_top("u3", 1)[0].id], Cause.SAMPLED)
        return session.scalars(select(ReviewRow)).one().id


def count(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_review_that_is_opened_is_on_record_and_the_queue_is_not(reviewer, database, review):
    reviewer.see("/review")
    assert count(database, ViewRow) == 0
    reviewer.see(f"/review/{review}")
    with database.session() as session:
        view = session.scalars(select(ViewRow)).one()
        viewer = name_of(session, view.viewer)
    assert (viewer, view.subject, view.what) == ("sue", "u3", "review")


def test_an_unknown_review_is_a_page(reviewer):
    for key in ("nowhere", "..%2fadmin", "%00", "x" * 300):
        status = status_of_nothing(key)
        assert is_page(reviewer.see(f"/review/{key}"), status), key
        assert is_page(reviewer.send(f"/review/{key}/verdict", verdict="good"), status), key


def test_a_verdict_that_is_none_is_refused_on_a_page(reviewer, database, review):
    good = {"verdict": "good"}
    for fields in ({}, {"verdict": "great"}, {"verdict": ""}, good | {"note": "x" * 2001}, good | {"by": "x"}):
        assert is_page(reviewer.send(f"/review/{review}/verdict", **fields), 400), fields
    with database.session() as session:
        assert session.get_one(ReviewRow, review).verdict is None


def test_a_queue_that_there_is_not_is_refused_on_a_page(reviewer):
    for query in ({"queue": "all"}, {"cursor": "nonsense"}):
        assert is_page(reviewer.see("/review", **query), 400), query


def test_a_second_verdict_is_a_page_that_says_so(reviewer, database, review):
    assert reviewer.send(f"/review/{review}/verdict", verdict="good").headers["location"] == "/review"
    assert is_page(reviewer.send(f"/review/{review}/verdict", verdict="wrong"), 409, "was decided already: good")
    with database.session() as session:
        assert session.get_one(ReviewRow, review).verdict == "good"


CHANGES = [
    ("/admin/keys", {"name": "new", "role": "app"}),
    ("/admin/keys/rotate", {"name": "shop"}),
    ("/admin/keys/revoke", {"name": "shop"}),
    ("/admin/people", {"name": "bob", "role": "app", "password": "four blue lanterns"}),
    ("/admin/people/disable", {"name": "eve"}),
    ("/admin/people/remove", {"name": "eve"}),
    ("/admin/people/password", {"name": "eve", "password": "four blue lanterns"}),
    ("/admin/versions/prompts/promote", {"locale": "en", "audience": "customer"}),
    ("/admin/versions/prompts/rollback", {"locale": "en", "audience": "customer"}),
    ("/admin/versions/adapters/promote", {"version": "abc"}),
    ("/admin/versions/adapters/rollback", {"locale": "en"}),
]


@pytest.fixture
def others(database):
    """A key and a person that changes could be about; return what there is of both."""
    with database.session() as session:
        create_key(session, "shop")
        add_person(session, "eve", Role.SUPPORT, "three green kettles")

    def there():
        with database.session() as session:
            keys = [(k.name, k.digest) for k in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.digest))]
            people = [(p.name, p.password, p.disabled) for p in session.scalars(select(PersonRow))]
        return keys, people, count(database, RegistryChangeRow)

    return there


def test_a_cookie_without_the_forms_token_changes_nothing(admin, others):
    before = others()
    for path, fields in CHANGES:
        for csrf in ("", "wrong"):
            assert is_page(admin.send(path, **fields, csrf=csrf), 403), path
        assert admin.client.post(path, data=fields, follow_redirects=False).status_code == 403, path
    assert others() == before


def test_a_verdict_without_the_forms_token_is_none(reviewer, database, review):
    assert is_page(reviewer.send(f"/review/{review}/verdict", verdict="good", csrf=""), 403)
    with database.session() as session:
        assert session.get_one(ReviewRow, review).verdict is None


NO_KEYS = [
    *(({"name": f"a{bad}b", "role": "app"}, "no control characters") for bad in CONTROLS),
    ({"name": "", "role": "app"}, "1 to 200 characters"),
    ({"name": "   ", "role": "app"}, "1 to 200 characters"),
    ({"name": "x" * 201, "role": "app"}, "1 to 200 characters"),
    ({"role": "app"}, "1 to 200 characters"),
    ({"name": "x", "role": "king"}, "There is no such role"),
    ({"name": "x"}, "There is no such role"),
    ({"name": "shop", "role": "app"}, "There is a key"),
    *(
        ({"name": "x", "role": "app", "days": days}, "1 to 3650 days")
        for days in ("0", "-1", "3651", "1.5", "1e3", "²", "ten", "9" * 5000, "\x00")
    ),
]


def test_a_key_that_cannot_be_is_refused_with_clear_words(admin, others):
    before = others()
    for fields, words in NO_KEYS:
        assert is_page(admin.send("/admin/keys", **fields), 400, words), fields
    assert others() == before


def test_a_key_of_any_name_can_be_rotated_and_revoked(admin, database):
    for name in ("a/b", "../..", "?", "%2F", "<b>", "李 & Söhne", ".", "\u202e"):
        made = admin.send("/admin/keys", name=name, role="app", days="3650")
        assert is_page(made, 200, 'id="made">rb_'), name
        assert "<b>" not in made.text
        assert is_page(admin.send("/admin/keys/rotate", name=name), 200, 'id="made">rb_'), name
        assert count(database, ApiKeyRow) == 2
        assert admin.send("/admin/keys/revoke", name=name).status_code == 303
        assert count(database, ApiKeyRow) == 0


def test_what_is_not_there_any_more_is_a_page(admin):
    for path in ("/admin/keys/rotate", "/admin/keys/revoke", "/admin/people/disable", "/admin/people/remove"):
        assert is_page(admin.send(path, name="nobody"), 404), path
        assert is_page(admin.send(path), 404), path


NO_PEOPLE = [
    ({"name": "bob", "role": "app", "password": "short"}, "at least 12 characters"),
    ({"name": "bob", "role": "app", "password": "aaaaaaaaaaaaa"}, "too easy to guess"),
    ({"name": "Three Kettles", "role": "app", "password": "three kettles"}, "too easy to guess"),
    ({"name": "bob", "role": "app"}, "at least 12 characters"),
    ({"name": "b\nb", "role": "app", "password": "four blue lanterns"}, "no control characters"),
    ({"name": "eve", "role": "app", "password": "four blue lanterns"}, "There is a person"),
    ({"name": "bob", "role": "root", "password": "four blue lanterns"}, "There is no such role"),
]


def test_a_person_who_cannot_be_is_refused_with_clear_words(admin, others):
    before = others()
    for fields, words in NO_PEOPLE:
        answer = admin.send("/admin/people", **fields)
        assert is_page(answer, 400, words), fields
        assert "four blue lanterns" not in answer.text, "a password is not sent back"
    assert others() == before


def test_a_new_password_that_is_none_is_refused_and_the_old_one_stays(admin, others):
    before = others()
    assert is_page(admin.send("/admin/people/password", name="eve", password="short"), 400, "at least 12")
    assert is_page(admin.send("/admin/people/password", name="nobody", password="four blue lanterns"), 400, "no person")
    assert others() == before


def test_whoever_came_in_with_the_old_password_is_out(admin, others, database):
    with database.session() as session:
        token = sign_in(session, session.get_one(PersonRow, "eve"))
    assert admin.send("/admin/people/password", name="eve", password="four blue lanterns").status_code == 303
    with database.session() as session:
        assert signed_in(session, token) is None


def test_nobody_disables_themselves(admin, others):
    before = others()
    assert is_page(admin.send("/admin/people/disable", name="ada"), 409, "You cannot disable yourself")
    assert others() == before


NO_VERSIONS = [
    ("/admin/versions/prompts/promote", {"version": "0123456789", "locale": "en", "audience": "customer"}, 400),
    ("/admin/versions/prompts/promote", {"version": "", "locale": "en", "audience": "customer"}, 400),
    ("/admin/versions/prompts/promote", {"version": "0123456789", "locale": "xx", "audience": "customer"}, 400),
    ("/admin/versions/prompts/promote", {"version": "0123456789"}, 400),
    ("/admin/versions/prompts/rollback", {"locale": "en", "audience": "customer"}, 400),
    ("/admin/versions/prompts/rollback", {"locale": "en", "audience": "\x00"}, 400),
    ("/admin/versions/prompts/delete", {"locale": "en", "audience": "customer"}, 404),
    ("/admin/versions/adapters/promote", {"version": "nonsense"}, 400),
    ("/admin/versions/adapters/rollback", {"locale": "en"}, 400),
    ("/admin/versions/adapters/rollback", {}, 400),
    ("/admin/versions/adapters/anything", {"locale": "en"}, 404),
]


def test_a_version_that_cannot_be_used_is_told_on_a_page_and_nothing_changes(admin, database):
    for path, fields, status in NO_VERSIONS:
        assert is_page(admin.send(path, **fields), status), (path, fields)
    assert count(database, RegistryChangeRow) == 0
