"""Whoever an id in a path names is meant, whatever characters it has: nobody else is shown, changed or erased."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from click.testing import CliRunner

from explainer.access import Role
from explainer.cli import main
from explainer.storage.erasing import held_counts
from explainer.storage.hidden import hide_aspect
from tests.integration.traces import desk_of

STRANGE = (
    "u1/",
    "/u1",
    "a/b",
    "a//b",
    "/",
    "..",
    ".",
    "%",
    "%2F",
    "u1%2F",
    "100% ü?#;&",
    "exclusions",
    "u 1",
    "x" * 200,
)


@pytest.fixture
def desk(explainer):
    with desk_of(explainer) as made:
        yield made


def path_of(user, rest=""):
    # httpx would take "." and ".." for steps in the path
    return f"/v1/users/{quote(user, safe='').replace('.', '%2E')}{rest}"


def send(desk, user, *items):
    rows = [{"id": f"{user[:150]} {item}", "user": user, "item": item, "kind": "view"} for item in items]
    answer = desk.ask(Role.APP, "POST", "/v1/behaviours", {"behaviours": rows})
    assert {row["status"] for row in answer.json()["results"]} == {"created"}, answer.text


def held(database, user):
    with database.session() as session:
        return held_counts(session, user)


@pytest.mark.parametrize("user", STRANGE)
def test_a_strange_id_names_its_owner_and_nobody_else(desk, database, user):
    send(desk, user, "i17", "i18")
    others = {name: held(database, name) for name in ("u1", "u", "b")}
    seen = desk.ask(Role.APP, "GET", path_of(user, "/behaviours")).json()
    assert (seen["user"], {one["item"] for one in seen["behaviours"]}) == (user, {"i17", "i18"})
    excluded = desk.ask(Role.APP, "POST", path_of(user, "/exclusions"), {"behaviours": ["i17"]}).json()
    assert [one["item"] for one in excluded["exclusions"]] == ["i17"]
    assert desk.ask(Role.APP, "DELETE", path_of(user, "/exclusions/i17")).status_code == 204
    assert desk.ask(Role.APP, "GET", path_of(user, "/exclusions")).json()["exclusions"] == []
    assert desk.ask(Role.APP, "GET", path_of(user, "/export")).status_code == 200
    receipt = desk.ask(Role.APP, "DELETE", path_of(user))
    assert (receipt.status_code, receipt.json()["counts"]["behaviours"]) == (200, 2)
    assert held(database, user) == {}
    assert {name: held(database, name) for name in others} == others


@pytest.mark.parametrize(
    "path", ["/v1/users//export", "/v1//users//export", "/v1/users%2Fu1", "/v1%2Fusers/u1", "/v1/users//u1"]
)
def test_a_path_without_an_id_erases_nobody(desk, database, path):
    send(desk, "export", "i17")
    before = held(database, "export"), held(database, "u1")
    assert desk.ask(Role.APP, "DELETE", path).status_code in {400, 404}
    assert (held(database, "export"), held(database, "u1")) == before


@pytest.mark.parametrize("sent", ["a//b/", "a%2F%2Fb%2F"])
def test_a_tag_may_hold_slashes_encoded_or_not(desk, database, sent):
    with database.session() as session:
        hide_aspect(session, "u1", "a//b/")
    assert desk.ask(Role.APP, "PUT", f"/v1/users/u1/tags/{sent}").status_code == 204
    assert desk.ask(Role.APP, "GET", "/v1/users/u1/tags").json()["deleted"] == []


def test_what_is_encoded_without_need_is_the_same(desk, database):
    assert desk.ask(Role.APP, "GET", "/%76%31/users/%75%31/settings").json()["user"] == "u1"


def test_an_id_that_no_address_has_room_for_is_taken_in_nowhere(tmp_path, monkeypatch):
    """Else it would be stored on SQLite, and the API could neither show nor erase it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset.toml").write_text('name = "shop"\ndomain = "shop"\nkind = "purchase"\n')
    (tmp_path / "data" / "items.csv").write_text(f"id,title\na,A thing\n{'i' * 201},Another\n")
    rows = "".join(f"{user},a\n" for user in ("u" * 200, "u" * 201))
    (tmp_path / "data" / "behaviours.csv").write_text(f"user,item\n{rows}")
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", f"sqlite:///{tmp_path}/made.db")
    command = ["--home", str(tmp_path / "home")]
    done = CliRunner().invoke(main, [*command, "ingest", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    assert "1 new items, 1 new behaviours" in done.output
    assert done.output.count("1 dropped, id longer than 200 characters") == 2
    for asked in (["explain"], ["tags", "list"], ["preview", "--without", "a"]):
        refused = CliRunner().invoke(main, [*command, *asked, "--user", "u" * 201])
        assert (refused.exit_code, "200 characters" in refused.output) == (2, True), refused.output
