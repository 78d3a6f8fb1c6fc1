"""Items and behaviours in batches: judged row by row, stored once, recommendable at once."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access.keys import create_key
from explainer.assembly import make_explainer
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.items import store_items
from explainer.service.live import Live
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.database import Database
from explainer.storage.service_tables import ExclusionRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data.model import behaviour_id
from retriever.encoder import item_text
from retriever.errors import OtherDataError
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from tests.conftest import HashEncoder

NOIR = {"id": "n1", "title": "Night Harbour", "aspects": ["noir", "drama"], "year": 1999}


@pytest.fixture
def client(explainer, database):
    with signed_in(create_app(explainer, queue=4, parts=Parts(encoder=HashEncoder())), database) as made:
        yield made


def signed_in(app, database):
    with database.session() as session:
        key = create_key(session, "test")
    client = TestClient(app)
    client.headers["X-API-Key"] = key
    return client


def put(client, *rows):
    answer = client.put("/v1/items", json={"items": list(rows)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client, *rows):
    answer = client.post("/v1/behaviours", json={"behaviours": list(rows)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def statuses(answer):
    return [result["status"] for result in answer["results"]]


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["detail"]


def count(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def audited(database, event):
    with database.session() as session:
        return list(session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == event)))


class TestItems:
    def test_good_rows_are_stored_and_bad_ones_say_what_is_wrong_and_how_to_mend_it(self, client, database):
        answer = put(
            client,
            NOIR,
            7,
            {"id": "n2"},
            {"id": "n3", "title": "   "},
            {"id": "n4", "title": "x" * 10_000},
            {"id": "n5", "title": "Nul\x00 inside"},
            {"id": "n6", "title": "Mystery", "director": "Nobody"},
            {"id": "n7", "title": "Bad \ufffd bytes"},
            {"id": "n8", "title": "When", "year": 20_000},
            {"id": " ", "title": "Blank"},
            None,
            {"id": "n9", "title": "  Two\n lines ", "aspects": ["Noir", " noir ", ""], "text": "A\nB"},
        )
        assert statuses(answer) == ["created", *["refused"] * 10, "created"]
        assert [result["row"] for result in answer["results"]] == list(range(12))
        details = [result["detail"] or "" for result in answer["results"]]
        words = ["", "an object with the fields id, title", "title", "title is blank", "length <= 500", "U+0000"]
        words += ["unknown field `director`", "send UTF-8", "9999", "id is blank", "object", ""]
        assert all(word in detail for word, detail in zip(words, details, strict=True)), details
        assert answer["results"][2]["id"] == "n2"
        assert answer["results"][1]["id"] is None
        with database.session() as session:
            stored = session.get_one(ItemRow, "n9")
            assert (stored.title, stored.aspects, stored.text) == ("Two lines", ["noir"], "A\nB")
            assert session.get(ItemRow, "n4") is None

    def test_the_same_batch_again_changes_nothing(self, client, database):
        rows = [NOIR, {"id": "n2", "title": "Other"}]
        assert statuses(put(client, *rows)) == ["created", "created"]
        assert statuses(put(client, *rows)) == ["unchanged", "unchanged"]
        assert count(database, ItemRow) == 62
        assert len(audited(database, "items.stored")) == 1

    def test_rows_of_one_id_are_refused_if_they_differ_and_counted_once_if_not(self, client, database):
        answer = put(client, NOIR, {**NOIR, "year": 2000}, {"id": "n2", "title": "Two"}, {"id": "n2", "title": " Two "})
        assert statuses(answer) == ["refused", "refused", "created", "unchanged"]
        assert "row 1 of this batch" in answer["results"][0]["detail"]
        assert "row 0 of this batch" in answer["results"][1]["detail"]
        with database.session() as session:
            assert session.get(ItemRow, "n1") is None

    def test_a_new_item_is_recommended_and_explained_at_once(self, client, explainer):
        likes = [{"user": "fan", "item": f"i{n}", "kind": "like"} for n in (12, 15, 21)]
        assert set(statuses(post(client, *likes))) == {"created"}
        liked = next(item for item in explainer.model.recommender.catalogue.items if item.id == "i12")
        row = {"id": "n1", "title": "Film Number Twelve", "aspects": list(liked.aspects), "year": liked.year}
        assert put(client, row)["note"] is None
        listed = client.get("/v1/users/fan/recommendations", params={"k": 50}).json()["recommendations"]
        (found,) = [r for r in listed if r["item"] == "n1"]
        assert found["cold"] is True
        made = client.post("/v1/explanations", json={"user": "fan", "item": "n1"})
        assert made.status_code == 201, made.text
        (explanation,) = made.json()["explanations"]
        assert (explanation["title"], explanation["rank"]) == ("Film Number Twelve", found["rank"])
        aspects = {reason.get("aspect") for cited in explanation["evidence"] for reason in cited["reasons"]}
        assert aspects & set(liked.aspects)

    def test_a_running_service_scores_new_items_as_one_that_starts_now(self, client, explainer, database):
        for n in range(3):
            put(client, {"id": f"n{n}", "title": f"Film Number {n + 20}", "aspects": ["noir"]})
        put(client, {"id": "n0", "title": "Film Number 44", "aspects": ["war"]})  # a later item, described anew
        with database.session() as session:
            new = [row for row in session.scalars(select(ItemRow).order_by(ItemRow.position)) if row.id[0] == "n"]
        items = tuple(
            explainer.model.recommender.catalogue.items[0].__class__(
                row.id, row.title, tuple(row.aspects), row.year, row.text, (), row.creator
            )
            for row in new
        )
        fresh = explainer.model.extended(items, HashEncoder().encode([item_text(item) for item in items]))
        scores = fresh.recommender.scores([explainer.history("u1")])[0]
        listed = client.get("/v1/users/u1/recommendations", params={"k": 50}).json()["recommendations"]
        position = fresh.recommender.catalogue.position
        assert [r["score"] for r in listed] == [float(scores[position(r["item"])]) for r in listed]
        assert any(r["cold"] for r in listed)

    def test_a_request_under_way_keeps_the_model_that_it_began_with(self, explainer):
        live = Live(explainer, HashEncoder())
        before = live.explainer
        known = len(before.model.recommender.catalogue)
        tags = before.tags
        store_items(live, [NOIR], "test")
        assert live.explainer is not before
        assert len(before.model.recommender.catalogue) == known
        assert len(live.explainer.model.recommender.catalogue) == known + 1
        assert before.tags is tags
        assert live.explainer.tags is not tags
        assert [row.title for row in before.explain_top("u1", 1)]

    def test_lists_are_asked_for_while_items_come(self, client):
        """No request sees half a model: every list is whole, and every item in it can be explained."""
        done = threading.Event()

        def feed():
            try:
                for n in range(15):
                    put(client, {"id": f"n{n}", "title": f"Film Number {n}", "aspects": ["noir", "war"]})
            finally:
                done.set()

        def ask(user):
            lengths = set()
            while not done.is_set():
                answer = client.post("/v1/explanations", json={"user": user, "k": 3})
                lengths.add((answer.status_code, len(answer.json().get("explanations", []))))
            return lengths

        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(ask, user) for user in ("u1", "u2")]
            pool.submit(feed).result()
            assert all(one.result() <= {(201, 3)} for one in asked)
        assert client.post("/v1/explanations", json={"user": "u1", "item": "n14"}).status_code == 201

    def test_batches_at_the_same_time_from_two_processes_lose_nothing(self, tmp_path, explainer):
        def process():
            database = Database(explainer.database.url)
            return Live(Explainer(database, explainer.model, Writer(PromptLibrary(), load_vocabulary)), HashEncoder())

        first, second = process(), process()
        batches = [[{"id": f"n{m}-{n}", "title": f"Film {m} {n}"} for n in range(5)] for m in range(12)]
        with ThreadPoolExecutor(4) as pool:
            pairs = [((first, second)[m % 2], batch) for m, batch in enumerate(batches)]
            answers = list(pool.map(lambda pair: store_items(*pair, by="test"), pairs))
        assert all(result.status == "created" for answer in answers for result in answer.results)
        with explainer.database.session() as session:
            places = list(session.scalars(select(ItemRow.position).order_by(ItemRow.position)))
        assert places == list(range(60 + 60))
        for live in (first, second):
            live.catch_up()
            assert len(live.explainer.model.recommender.catalogue) == 120
            live.explainer.database.engine.dispose()

    def test_without_an_encoder_items_are_stored_and_the_answer_says_what_is_missing(self, explainer, database):
        with signed_in(create_app(explainer, queue=2), database) as client:
            answer = put(client, NOIR)
            assert statuses(answer) == ["created"]
            assert "no sentence encoder" in answer["note"]
            assert client.post("/v1/explanations", json={"user": "u1", "item": "n1"}).status_code == 404
        with signed_in(create_app(explainer, queue=2, parts=Parts(encoder=HashEncoder())), database) as client:
            answer = put(client, NOIR)  # sent again, it is mended
            assert (statuses(answer), answer["note"]) == (["unchanged"], None)
            assert client.post("/v1/explanations", json={"user": "u1", "item": "n1"}).status_code == 201

    def test_an_encoder_that_is_not_the_fits_is_never_mixed_in(self, explainer):
        class Other(HashEncoder):
            name = "other"

        live = Live(explainer, Other())
        answer = store_items(live, [NOIR], "test")
        assert "'other'" in answer.note
        assert live.explainer is explainer

    def test_a_recommender_that_reads_no_content_says_so(self, database, dataset):
        model = fit(dataset, HashEncoder(), EaseConfig())
        live = Live(Explainer(database, model, Writer(PromptLibrary(), load_vocabulary)), HashEncoder())
        assert "'ease' reads no content" in store_items(live, [NOIR], "test").note

    def test_an_audit_entry_holds_the_digest_of_what_was_stored(self, client, database):
        put(client, NOIR, 7)
        put(client, {**NOIR, "year": 2001})
        first, second = audited(database, "items.stored")
        assert first.digest != second.digest
        assert len(first.digest) == 64
        assert put(client, 7)["results"][0]["status"] == "refused"
        assert len(audited(database, "items.stored")) == 2


class TestChangedDescriptions:
    def test_a_fitted_item_keeps_its_old_description_until_the_next_fit(self, client, explainer, database):
        item = explainer.recommendations("u1", 1)[0].item
        row = {"id": item.id, "title": "Renamed", "aspects": list(item.aspects), "year": item.year}
        answer = put(client, row)
        assert statuses(answer) == ["updated"]
        assert "until the next fit (explainer fit)" in answer["results"][0]["detail"]
        (made,) = client.post("/v1/explanations", json={"user": "u1", "item": item.id}).json()["explanations"]
        assert made["title"] == item.title
        with database.session() as session:
            assert session.get_one(ItemRow, item.id).title == "Renamed"

    def test_the_service_starts_with_descriptions_that_it_was_told_of_and_with_no_others(
        self, client, explainer, tmp_path, caplog
    ):
        settings = Settings(home=tmp_path, database_url=explainer.database.url, engine="none")
        explainer.model.save(settings.models)
        put(client, {"id": "i20", "title": "Renamed", "aspects": ["war"], "year": 1970})
        started = make_explainer(settings)
        assert "1 items are described otherwise" in caplog.text
        assert "Renamed" not in {item.title for item in started.model.recommender.catalogue.items}
        with explainer.database.session() as session:
            session.get_one(ItemRow, "i21").title = "Another catalogue's"
        with pytest.raises(OtherDataError, match=r"1 of its 60 items.*'i21'.*explainer fit"):
            make_explainer(settings)

    def test_a_later_item_described_anew_is_known_so_at_once(self, client):
        put(client, NOIR)
        answer = put(client, {**NOIR, "title": "Night Harbour Two"})
        assert [(r["status"], r["detail"]) for r in answer["results"]] == [("updated", None)]
        (made,) = client.post("/v1/explanations", json={"user": "u1", "item": "n1"}).json()["explanations"]
        assert made["title"] == "Night Harbour Two"


class TestBehaviours:
    def test_bad_rows_are_refused_with_the_fix_and_good_ones_stored(self, client):
        soon, late = int(time.time()) + 3600, int(time.time()) + 2 * 86_400
        base = {"user": "u1", "item": "i1", "kind": "rating"}
        answer = post(
            client,
            {**base, "value": 5, "time": soon},
            {**base, "item": "nowhere"},
            {**base, "kind": "stare"},
            {**base, "value": 6},
            {**base, "value": "NaN"},
            {**base, "time": late},
            {**base, "time": -5},
            {**base, "time": 10**30},
            {**base, "time": -(10**4000)},
            {**base, "mood": "good"},
            "row",
            {**base, "user": "\x07"},
            {**base, "user": " "},
            {**base, "value": True},
        )
        assert statuses(answer) == ["created", *["refused"] * 13]
        details = [result["detail"] or "" for result in answer["results"]]
        words = ["", "PUT /v1/items", "view, click, purchase", "from 1 to 5", "float", "Unix seconds", "Unix seconds"]
        words += ["time", "time", "unknown field `mood`", "object", "U+0007", "user is blank", "float"]
        assert all(word in detail for word, detail in zip(words, details, strict=True)), details

    def test_ids_are_made_of_the_fields_and_the_same_batch_again_changes_nothing(self, client, database):
        row = {"user": "new", "item": "i1", "kind": "rating", "value": 4, "time": 1_700_000_000}
        first = post(client, row, row)
        expected = behaviour_id("new", "i1", "rating", 1_700_000_000, 4.0)
        assert [r["id"] for r in first["results"]] == [expected, expected]
        assert statuses(first) == ["created", "unchanged"]
        assert statuses(post(client, row, row)) == ["unchanged", "unchanged"]
        with database.session() as session:
            assert session.scalar(select(func.count()).where(BehaviourRow.user_id == "new")) == 1
        assert len(audited(database, "behaviours.stored")) == 1

    def test_an_id_that_is_taken_is_refused_and_tells_nothing_of_its_owner(self, client, database):
        row = {"id": "b-1", "user": "owner", "item": "i1", "kind": "like"}
        assert statuses(post(client, row)) == ["created"]
        answer = post(client, {**row, "user": "thief"}, {**row, "user": "thief"})
        assert statuses(answer) == ["refused", "refused"]
        assert "owner" not in json.dumps(answer)
        with database.session() as session:
            assert session.get_one(BehaviourRow, "b-1").user_id == "owner"

    def test_two_rows_of_one_id_that_differ_are_both_refused(self, client):
        row = {"id": "b-1", "user": "u1", "item": "i1", "kind": "like"}
        answer = post(client, row, {**row, "item": "i2"})
        assert statuses(answer) == ["refused", "refused"]
        assert "row 1" in answer["results"][0]["detail"]

    def test_a_behaviour_is_in_the_history_at_once(self, client):
        before = client.get("/v1/users/u1/recommendations").json()["recommendations"]
        post(client, {"user": "u1", "item": before[0]["item"], "kind": "purchase"})
        after = client.get("/v1/users/u1/recommendations").json()["recommendations"]
        assert before[0]["item"] not in {r["item"] for r in after}

    def test_batches_at_the_same_time_store_each_behaviour_once(self, client, database):
        rows = [{"user": "busy", "item": f"i{n}", "kind": "view", "time": 1_700_000_000 + n} for n in range(40)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: post(client, *rows), range(4)))
        assert {status for answer in answers for status in statuses(answer)} == {"created", "unchanged"}
        assert len(audited(database, "behaviours.stored")) == 1
        with database.session() as session:
            assert session.scalar(select(func.count()).where(BehaviourRow.user_id == "busy")) == 40


class TestWholeBodies:
    @pytest.mark.parametrize(
        ("method", "path", "field"), [("PUT", "items", "items"), ("POST", "behaviours", "behaviours")]
    )
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b'{"FIELD": [{"id": "a\xff", "title": "x"}]}', "not UTF-8"),
            (b'{"FIELD": [{"id": "\\ud800"}]}', ""),
            (b'{"FIELD": [{"id": NaN}]}', "malformed"),
            (b'{"FIELD": [{"id": 1e999}]}', ""),
            (b'{"FIELD": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
            (b"{", ""),
            (b"", ""),
            (b"[]", "Validation"),
            (b'{"FIELD": []}', "Validation"),
            (b'{"FIELD": {}}', "Validation"),
            (b'{"FIELD": [{}], "mode": "fast"}', "Validation"),
            (b'{"FIELD": [' + b"1," * 1000 + b"1]}", "Validation"),
        ],
    )
    def test_a_body_that_cannot_be_read_is_a_problem(self, client, database, method, path, field, body, words):
        before = count(database, ItemRow), count(database, BehaviourRow)
        content = body.replace(b"FIELD", field.encode())
        answer = client.request(method, f"/v1/{path}", content=content, headers={"Content-Type": "application/json"})
        assert words in problem(answer, 400)
        assert (count(database, ItemRow), count(database, BehaviourRow)) == before

    def test_other_handlers_refuse_bytes_that_are_no_text_too(self, client):
        answer = client.post("/v1/explanations", content=b'{"user": "\xff", "k": 1}')
        assert "not UTF-8" in problem(answer, 400)

    def test_a_thousand_rows_are_taken(self, client):
        answer = put(client, *({"id": f"n{n}", "title": f"Film Number {n}", "text": "x" * 500} for n in range(1000)))
        assert set(statuses(answer)) == {"created"}


class TestPages:
    def test_pages_hold_everything_once_newest_first(self, client):
        rows = [{"user": "p", "item": f"i{n}", "kind": "view", "time": 1_700_000_000 + n // 2} for n in range(7)]
        post(client, *rows, {"user": "p", "item": "i9", "kind": "like"})
        seen, cursor = [], None
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/users/p/behaviours", params=params).json()
            seen += page["behaviours"]
            cursor = page["next"]
            if cursor is None:
                break
        times = [b["time"] for b in seen]
        assert len({b["id"] for b in seen}) == len(seen) == 8
        assert times[-1] is None
        assert times[:-1] == sorted(times[:-1], reverse=True)

    def test_each_says_what_it_means_and_whether_it_is_excluded(self, client, database):
        row = {"user": "q", "kind": "rating", "time": 1_700_000_000}
        values = {"i1": 5, "i2": 3, "i3": 1}
        answer = post(client, *({**row, "item": item, "value": value} for item, value in values.items()))
        with database.session() as session:
            session.add(ExclusionRow(user_id="q", behaviour_id=answer["results"][1]["id"]))
            session.add(ExclusionRow(user_id="somebody else", behaviour_id=answer["results"][0]["id"]))
        found = {b["item"]: b for b in client.get("/v1/users/q/behaviours").json()["behaviours"]}
        assert {item: b["polarity"] for item, b in found.items()} == {"i1": "liked", "i2": "neutral", "i3": "disliked"}
        assert {item: b["excluded"] for item, b in found.items()} == {"i1": False, "i2": True, "i3": False}
        assert found["i1"]["title"]

    def test_somebody_unknown_has_no_behaviours(self, client):
        assert client.get("/v1/users/nobody/behaviours").json() == {"user": "nobody", "behaviours": [], "next": None}

    @pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "%%%", "WzFlMzAsImEiXQ", "WyIyMDIwIiwiYSJd"])
    def test_a_cursor_that_is_none_of_ours_is_refused(self, client, cursor):
        assert "begin again" in problem(client.get("/v1/users/u1/behaviours", params={"cursor": cursor}), 400)

    @pytest.mark.parametrize("limit", [0, 101, "many"])
    def test_a_page_has_a_length_that_can_be_answered(self, client, limit):
        problem(client.get("/v1/users/u1/behaviours", params={"limit": limit}), 400)


def test_the_document_shows_rows_and_examples(client):
    document = client.get("/schema/openapi.json").json()
    for path, method, batch, rows in (
        ("/v1/items", "put", "ItemBatch", "items"),
        ("/v1/behaviours", "post", "BehaviourBatch", "behaviours"),
    ):
        operation = document["paths"][path][method]
        assert {"200", "400", "401", "403", "409", "413"} <= set(operation["responses"])
        assert operation["requestBody"]["content"]["application/json"]["examples"]
        field = document["components"]["schemas"][batch]["properties"][rows]
        assert (field["minItems"], field["maxItems"]) == (1, 1000)
        assert "user" in field["items"]["properties"] or "title" in field["items"]["properties"]
    assert "200" in document["paths"]["/v1/users/{user}/behaviours"]["get"]["responses"]
