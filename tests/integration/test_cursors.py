"""A cursor leads on in the list and the search that gave it, whatever went meanwhile, and nowhere else."""

from __future__ import annotations

import base64
import re
from html import unescape
from itertools import permutations

import pytest
from sqlalchemy import delete, select

from explainer.access import Role
from explainer.pipeline import Explainer
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ViewRow
from explainer.storage.reviews import Cause, enqueue
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.conftest import fill, make_dataset
from tests.integration.staff import is_page, program_of, staff_of
from tests.integration.test_server import problem_of

USERS = ("u1", "u2", "u3")
KINDS = ("/v1/explanations", "/v1/reviews", "/v1/users/u1/views", "/v1/users/u1/behaviours")
PLACES = [b"", b"x", b"[]", b'["2020-01-01T00:00:00Z","a"]', b'[1000000,"a"]', b"[" * 1400]


@pytest.fixture
def client(explainer):
    with program_of(explainer, Role.ADMIN) as made:
        yield made


@pytest.fixture
def made(client):
    """Explanations of three people, each looked at three times, and all reported, so that there are reviews."""
    found = []
    for user in USERS:
        found += client.post("/v1/explanations", json={"user": user, "k": 3}).json()["explanations"]
        for _ in range(2):
            client.get(f"/v1/users/{user}/settings")
    with client.app.state.database.session() as session:
        enqueue(session, [one["id"] for one in found], Cause.REPORTED)
    return found


LISTS = [
    ("/v1/explanations", {}),
    ("/v1/explanations", {"user": "u1"}),
    ("/v1/explanations", {"user": "u2"}),
    ("/v1/reviews", {}),
    ("/v1/reviews", {"state": "open"}),
    ("/v1/reviews", {"cause": "reported"}),
    ("/v1/users/u1/views", {}),
    ("/v1/users/u2/views", {}),
    ("/v1/users/u1/behaviours", {}),
    ("/v1/users/u2/behaviours", {}),
]


def filters(one):
    """Return filters each of which finds all explanations that are like one."""
    recommender = one["versions"]["recommender"]
    return [
        {"source": "template"},
        {"since": "2020-01-01T00:00:00Z"},
        {"until": "2100-01-01T00:00:00Z"},
        {"until": "2100-01-01T00:00:01Z"},
        {"locale": "en"},
        {"audience": "customer"},
        {"recommender": recommender},
        {"recommender": recommender[:6]},
        {"prompt": one["versions"]["prompt"]},
        {"writer": one["versions"]["writer"]},
        {"complained": "false"},
        {"complained": "false", "locale": "en"},
    ]


def page(client, address, limit=1, **given):
    answer = client.get(address, params={"limit": limit} | given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(found):
    return next(value for value in found.values() if isinstance(value, list))


def ids(found):
    return [row["id"] for row in rows(found)]


@pytest.mark.both
def test_a_cursor_of_one_list_is_refused_by_every_other_and_for_everybody_else(client, made):
    cursors = [(address, given, page(client, address, **given)["next"]) for address, given in LISTS]
    for address, given, cursor in cursors:
        assert page(client, address, cursor=cursor, **given)
    for (address, given, _), (*_, other) in permutations(cursors, 2):
        answer = client.get(address, params={"limit": 1, **given, "cursor": other})
        assert "begin again without one" in problem_of(answer, 400), (address, given)


def test_a_cursor_of_one_search_is_refused_under_every_other_filter(client, made):
    cursors = {}
    for search in [{}, *filters(made[0])]:
        cursor = page(client, "/v1/explanations", **search)["next"]
        assert page(client, "/v1/explanations", cursor=cursor, **search)
        for other in cursors.values():
            answer = client.get("/v1/explanations", params={**search, "cursor": other})
            assert "begin again without one" in problem_of(answer, 400), search
        cursors[str(search)] = cursor


def test_a_cursor_leads_on_in_pages_of_another_length_and_the_same_search_in_other_words(client, made):
    words = ("2020-01-01T02:00:00+02:00", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00")
    cursor = page(client, "/v1/explanations", since=words[0])["next"]
    found = [ids(page(client, "/v1/explanations", 50, since=word, cursor=cursor)) for word in words]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(made) - 1


@pytest.mark.parametrize("address", ["/v1/explanations", "/v1/reviews"])
@pytest.mark.both
def test_a_cursor_whose_user_was_erased_goes_on_with_what_comes_after(client, made, database, address):
    everything = page(client, address, 50)
    first = page(client, address, 4)
    with database.session() as session:
        last = rows(first)[-1]
        gone = session.get_one(ExplanationRow, last.get("explanation", last["id"])).user_id
        theirs = set(session.scalars(select(ExplanationRow.id).where(ExplanationRow.user_id == gone)))
    assert client.delete(f"/v1/users/{gone}").status_code == 200
    rest = [r["id"] for r in rows(everything)[4:] if r.get("explanation", r["id"]) not in theirs]
    assert rest
    assert ids(page(client, address, 50, cursor=first["next"])) == rest


@pytest.mark.both
def test_a_cursor_of_a_search_for_somebody_who_was_erased_finds_nothing_more(client, made):
    lists = [("/v1/explanations", {"user": "u1"}), ("/v1/users/u1/views", {}), ("/v1/users/u1/behaviours", {})]
    cursors = [page(client, address, **given)["next"] for address, given in lists]
    assert client.delete("/v1/users/u1").status_code == 200
    for (address, given), cursor in zip(lists, cursors, strict=True):
        found = page(client, address, cursor=cursor, **given)
        assert (rows(found), found["next"]) == ([], None), address


@pytest.mark.both
def test_a_cursor_of_looks_that_are_gone_goes_on_with_what_comes_after(client, made, database):
    address = "/v1/users/u1/views"
    first = page(client, address, 2)
    second = page(client, address, 2, cursor=first["next"])
    with database.session() as session:
        session.execute(delete(ViewRow).where(ViewRow.id.in_(ids(first))))
    assert ids(page(client, address, 2, cursor=first["next"])) == ids(second) != []


@pytest.mark.both
def test_behaviours_with_the_longest_ids_of_any_script_are_read_page_by_page(client):
    longest = ["🚀" * 199 + end for end in "abc"]
    behaviours = [{"user": "u", "item": f"i{n}", "kind": "view", "id": one} for n, one in enumerate(longest)]
    assert client.post("/v1/behaviours", json={"behaviours": behaviours}).status_code == 200
    seen, cursor = [], {}
    while len(seen) < len(longest):
        found = page(client, "/v1/users/u/behaviours", **cursor)
        seen, cursor = seen + ids(found), {"cursor": found["next"]}
    assert seen == sorted(longest, reverse=True)
    assert found["next"] is None


def bytes_of(cursor):
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def written(sealed):
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


@pytest.mark.both
def test_a_cursor_says_nothing_of_the_row_that_it_stands_for(client, made, database):
    for address in KINDS:
        found = page(client, address)
        assert ids(found)[0].encode() not in bytes_of(found["next"]), address
    for letters in (1, 9, 40):
        mine = [{"user": f"of-{letters}", "item": "i1", "kind": "view", "id": one * letters} for one in "ab"]
        assert client.post("/v1/behaviours", json={"behaviours": mine}).status_code == 200
    cursors = [page(client, f"/v1/users/of-{letters}/behaviours")["next"] for letters in (1, 9, 40)]
    assert len(set(map(len, cursors))) == 1, "not even how long its id is"


def test_what_was_not_encrypted_here_is_refused(client, made):
    for address in KINDS:
        for place in PLACES:
            answer = client.get(address, params={"cursor": written(place)})
            assert "begin again without one" in problem_of(answer, 400), (address, place)


def test_mangled_cursors_are_refused(client, made):
    for address in KINDS:
        cursor = page(client, address)["next"]
        assert len(cursor) < 200
        for stale in (cursor[8:], cursor[:8], cursor[:7], cursor[:-3], cursor[1:], cursor.swapcase(), ""):
            assert "begin again without one" in problem_of(client.get(address, params={"cursor": stale}), 400), stale
    sealed = bytes_of(cursor)
    for place in range(len(sealed)):
        mangled = written(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        assert "begin again without one" in problem_of(client.get(address, params={"cursor": mangled}), 400), place


def test_a_cursor_of_another_database_is_refused_and_one_of_another_process_is_not(model, database, make_database):
    other = make_database("other")
    fill(other, make_dataset())
    cursors = []
    for one in (database, other, database):
        with program_of(Explainer(one, model, Writer(PromptLibrary(), load_vocabulary)), Role.ADMIN) as client:
            cursors.append(page(client, "/v1/users/u1/behaviours")["next"])
            answer = client.get("/v1/users/u1/behaviours", params={"cursor": cursors[0]})
            assert answer.status_code == (400 if one is other else 200)
    assert cursors[0] == cursors[2] != cursors[1]


def test_older_pages_are_led_to_on_every_page_and_no_cursor_of_another_is_taken(explainer, client, database):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 30}).json()["explanations"]
    with database.session() as session:
        enqueue(session, [one["id"] for one in made], Cause.SAMPLED)
    admin = staff_of(explainer, Role.ADMIN, "/support")
    addresses = ("/audit?user=u1", "/support?user=u1&since=2020-01-01", "/review?queue=open")
    older = [re.search(r'href="([^"]*cursor=[^"]*)"', admin.see(address).text)[1] for address in addresses]
    cursors = [unescape(link).partition("cursor=")[2] for link in older]
    for address, link in zip(addresses, older, strict=True):
        assert is_page(admin.see(unescape(link)), 200)
        for cursor in cursors:
            if not link.endswith(cursor):
                assert is_page(admin.see(f"{address}&cursor={cursor}"), 400, "begin again without one")
    admin.client.__exit__(None, None, None)
