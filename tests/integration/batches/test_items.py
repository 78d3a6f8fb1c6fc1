"""Items in batches: judged row by row, stored once, recommendable at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.items import store_items
from explainer.service.live import Live
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.database import Database
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.encoder import item_text
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from tests.conftest import HashEncoder
from tests.databases import number_of
from tests.integration.batches.acting import NOIR, audited, post, put, signed_in, statuses


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
        assert number_of(database, ItemRow) == 62
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
