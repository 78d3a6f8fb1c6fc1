"""Tags from database to the next text: listed, deleted, restored; by API, by command line, on the record."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import select

from explainer.audit import log
from explainer.errors import ConflictError, NotFoundError
from explainer.evidence.firewall import Firewall, load_lists, shipped_words
from explainer.judging import judge_catalogue
from explainer.storage import catalogue
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import HiddenAspectRow
from explainer.storage.hidden import hide_aspect
from explainer.tags import UserTags, hidden_record
from retriever.data import CleaningReport, Dataset, Item, ValueScale
from tests.conftest import HOSTILE, rating
from tests.databases import holdable_text
from tests.integration.commands import run
from tests.integration.problems import problem_of

EVIL = (*map(holdable_text, HOSTILE), "sci-fi/fantasy", "100% ?#&+ x", "[b]bold[/b]", "STRASSE")


def evil_dataset():
    """Four items for each hostile aspect and many plain ones; a user of a hostile name likes all four."""
    items = [Item(f"e{n}-{k}", f"{aspect} {k}", (aspect,)) for n, aspect in enumerate(EVIL) for k in range(4)]
    items += [Item(f"p{n}", f"Plain {n}", ("plain",)) for n in range(300)]
    user = "<b>Zoë \u202e [red]"
    behaviours = [rating(user, item.id, 5.0, n) for n, item in enumerate(items[: 4 * len(EVIL)])]
    return Dataset("evil", "video", tuple(items), tuple(behaviours)), user


@pytest.fixture
def evil(empty):
    data, user = evil_dataset()
    with empty.session() as session:
        catalogue.ingest(session, data, CleaningReport(), lambda _: None)
    judge_catalogue(empty, Firewall(load_lists()))
    return UserTags(empty, data.items, ValueScale(), shipped_words()), user


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a small shop ingested and fitted: five kitchen things among twenty, four of them c0's."""
    monkeypatch.setenv("EXPLAINER_ENGINE", "none")
    source = tmp_path / "data"
    source.mkdir()
    (source / "dataset.toml").write_text('name = "small"\ndomain = "shop"\nkind = "rating"\n')
    kinds = ["kitchen", "garden", "office", "garage"]
    (source / "items.csv").write_text(
        "id,title,aspects\n" + "".join(f"p{n},{chr(65 + n)}olo thing,{kinds[n // 5]}\n" for n in range(20))
    )
    rows = [(u, i) for u in range(20) for i in range(20) if u % 4 == i // 5 and u // 4 != i % 5]
    (source / "behaviours.csv").write_text("user,item,value\n" + "".join(f"c{u},p{i},5\n" for u, i in rows))
    for words in (["ingest", str(source)], ["fit"]):
        result = run(tmp_path / "home", *words)
        assert result.exit_code == 0, result.output
    return tmp_path / "home"


def names(held):
    return [tag.tag for tag in held.tags]


def cited_aspects(rows):
    return {r["aspect"] for row in rows for e in row.evidence for r in e.reasons if r["type"] == "shared_aspect"}


def test_hostile_aspects_are_listed_deleted_and_restored(evil):
    tags, user = evil
    assert sorted(names(tags.of(user))) == sorted(EVIL)
    for n, aspect in enumerate(EVIL):
        tags.delete(user, aspect)
        held = tags.of(user)
        assert sorted(names(held)) == sorted(EVIL[n + 1 :])
        assert held.deleted == [a.casefold() for a in EVIL[: n + 1]]
    for aspect in EVIL:
        tags.restore(user, aspect.upper())
    assert sorted(names(tags.of(user))) == sorted(EVIL)


def test_one_users_deletion_is_nobody_elses(explainer):
    others = [
        user for user in (f"u{n}" for n in range(120)) if "noir" in names(explainer.tags.of(user)) and user != "u2"
    ]
    assert len(others) > 5
    explainer.tags.delete("u2", "noir")
    assert explainer.tags.of("u2").tags == []
    assert all("noir" in names(explainer.tags.of(user)) for user in others)


def test_a_deleted_tag_is_gone_from_the_next_explanation_and_back_when_restored(explainer):
    (tag,) = names(explainer.tags.of("u2"))
    before = explainer.explain_top("u2", 6, reuse=True)
    assert tag in cited_aspects(before)
    explainer.tags.delete("u2", tag)
    after = explainer.explain_top("u2", 6, reuse=True)
    assert tag not in cited_aspects(after)
    assert [row.item_id for row in after] == [row.item_id for row in before], "it hides a reason, not an item"
    assert tag not in " ".join(row.text for row in after)
    assert [r.id for r in explainer.explain_top("u2", 6, reuse=True)] == [r.id for r in after]
    explainer.tags.restore("u2", tag)
    assert [r.id for r in explainer.explain_top("u2", 6, reuse=True)] == [r.id for r in before]


def test_what_is_no_tag_is_an_error_that_says_where_tags_are_told_and_tells_none(explainer):
    tags = explainer.tags
    for change, user, tag in (
        (tags.delete, "u2", "jazz"),
        (tags.delete, "nobody", "noir"),
        (tags.restore, "u2", "noir"),
    ):
        with pytest.raises(NotFoundError, match="explainer tags list") as error:
            change(user, tag)
        assert not any(word in str(error.value) for word in (user, "noir", "jazz"))
    tags.delete("u2", "NOIR")
    with pytest.raises(NotFoundError, match="already"):
        tags.delete("u2", "noir")
    with pytest.raises(NotFoundError) as error:
        tags.restore("u2", "jazz")
    assert "noir" not in str(error.value)


def test_every_change_leaves_an_audit_entry_that_the_row_proves(explainer, database):
    explainer.tags.delete("u2", "noir")
    with database.session() as session:
        (row,) = session.scalars(select(HiddenAspectRow))
    explainer.tags.restore("u2", "noir")
    with database.session() as session:
        entries = list(session.scalars(select(AuditEntryRow)))
        assert session.scalar(select(HiddenAspectRow)) is None
    assert [(e.event, e.record_id) for e in entries] == [("tag.deleted", row.id), ("tag.restored", row.id)]
    assert all(log.proves(entry, hidden_record(row)) for entry in entries), "it proves itself after a round trip"


def test_deletion_and_audit_entry_stand_or_fall_together(explainer, database, monkeypatch):
    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        explainer.tags.delete("u2", "noir")
    assert names(explainer.tags.of("u2")) == ["noir"]


def test_two_deletions_at_the_same_moment_are_one(database):
    with pytest.raises(ConflictError, match="refused"), database.session() as session:
        hide_aspect(session, "u", "noir")
        hide_aspect(session, "u", "noir")


def test_the_api_lists_deletes_and_restores(client):
    listed = client.get("/v1/users/u2/tags").json()
    assert (listed["user"], listed["deleted"]) == ("u2", [])
    (tag,) = listed["tags"]
    assert set(tag) == {"tag", "source", "liked", "usual", "behaviours"}
    assert set(tag["behaviours"][0]) == {"behaviour_id", "item", "title"}
    assert client.delete("/v1/users/u2/tags/noir").status_code == 204
    assert client.get("/v1/users/u2/tags").json() == {"user": "u2", "tags": [], "deleted": ["noir"]}
    assert "already" in problem_of(client.delete("/v1/users/u2/tags/noir"), 404)
    assert client.put("/v1/users/u2/tags/noir").status_code == 204
    assert client.get("/v1/users/u2/tags").json() == listed
    assert client.get("/v1/users/nobody%20known/tags").json() == {"user": "nobody known", "tags": [], "deleted": []}


def test_the_api_says_where_tags_are_told_when_one_is_unknown(client):
    assert "/tags" in problem_of(client.delete("/v1/users/u2/tags/jazz"), 404)
    assert "deleted no such tag" in problem_of(client.put("/v1/users/u2/tags/noir"), 404)
    problem_of(client.delete("/v1/users/u2/tags"), 405)


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("delete", "/noir"), ("put", "/noir")])
def test_tags_need_a_key(client, method, path):
    client.headers.pop("X-API-Key")
    problem_of(getattr(client, method)(f"/v1/users/u2/tags{path}"), 401)


def test_hostile_tags_can_be_named_in_a_path(client, explainer, evil):
    tags, user = evil
    explainer.tags = tags
    base = f"/v1/users/{quote(user, safe='')}/tags"
    for aspect in EVIL:
        assert client.delete(f"{base}/{quote(aspect, safe='')}").status_code == 204, aspect
    assert client.get(base).json()["tags"] == []
    assert client.put(f"{base}/sci-fi/fantasy").status_code == 204
    assert [tag["tag"] for tag in client.get(base).json()["tags"]] == ["sci-fi/fantasy"]


def test_on_the_command_line(home):
    listed = run(home, "tags", "list", "--user", "c0")
    assert listed.exit_code == 0, listed.output
    assert "kitchen" in listed.output
    assert "4 of 4" in listed.output
    assert "kitchen" in run(home, "explain", "--user", "c0", "--top", "1").output
    assert run(home, "tags", "delete", "--user", "c0", "Kitchen").exit_code == 0
    assert "no tags" in run(home, "tags", "list", "--user", "c0").output
    assert "Deleted: kitchen" in run(home, "tags", "list", "--user", "c0").output
    assert "kitchen" not in run(home, "explain", "--user", "c0", "--top", "1").output
    assert run(home, "tags", "restore", "--user", "c0", "kitchen").exit_code == 0
    assert "4 of 4" in run(home, "tags", "list", "--user", "c0").output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["tags", "delete", "--user", "c0", "[b]x"], 1, "The user has no such tag."),
        (["tags", "restore", "--user", "c0", "kitchen"], 1, "deleted no such tag"),
        (["tags", "list"], 2, "--user"),
        (["tags", "list", "--user", "[red]nobody"], 0, "User [red]nobody comes back to nothing"),
    ],
)
def test_what_cannot_be_is_said_clearly(home, words, code, said):
    result = run(home, *words)
    assert result.exit_code == code, result.output
    assert said in " ".join(result.output.replace("│", " ").split())


def test_tags_before_anything_is_there(tmp_path):
    result = run(tmp_path / "empty", "tags", "list", "--user", "u")
    assert result.exit_code == 1
    assert "explainer migrate" in " ".join(result.output.replace("│", " ").split())
