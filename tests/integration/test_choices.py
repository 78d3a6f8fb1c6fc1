"""What customers choose, by API: exclusions, personalisation off, previews; every list, text and record obeys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from litestar.testing import TestClient
from sqlalchemy import delete, func, select

from explainer.access.keys import create_key
from explainer.audit import log
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage import catalogue
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.service_tables import ExclusionRow, UserSettingsRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, LOCALES, Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, rating
from tests.integration.test_server import problem_of
from tests.unit.test_writer import ScriptedEngine

U = "/v1/users/u1"
OFF = {"en": "you have switched personal recommendations off", "zh": "您已关闭个性化推荐"}
OUT = {"en": "your whole history here", "zh": "您已排除自己的全部行为"}
NEVER = ("you are new", "taste", "for you", "because", "了解", "口味", "为您", "因为")


def exclude(client, *behaviours, user="u1"):
    return client.post(f"/v1/users/{quote(user, safe='')}/exclusions", json={"behaviours": list(behaviours)})


def switch(client, word, user="u1"):
    personalised = word == "on"
    answer = client.put(f"/v1/users/{user}/settings", json={"personalised": personalised})
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client, user="u1", k=50):
    return client.get(f"/v1/users/{user}/recommendations", params={"k": k}).json()


def ids(found):
    return [r["item"] for r in found["recommendations"]]


def explain(client, **body):
    answer = client.post("/v1/explanations", json={"user": "u1"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()["explanations"]


def entries(database, *events):
    with database.session() as session:
        found = session.scalars(
            select(AuditEntryRow).where(AuditEntryRow.event.in_(events)).order_by(AuditEntryRow.seq)
        )
        return [(entry.event, entry.record_id) for entry in found]


def stored(database, explanation_id):
    with database.session() as session:
        return session.get_one(ExplanationRow, explanation_id)


def everything(explainer, user="u1"):
    return [behaviour.id for behaviour in explainer.history(user).behaviours]


class TestExclusions:
    def test_an_excluded_behaviour_is_listed_cited_no_more_and_its_item_stays_met(self, client, explainer):
        (first,) = explain(client, k=1)
        cited = first["evidence"][0]
        answer = exclude(client, cited["behaviour_id"])
        assert answer.status_code == 200
        (entry,) = answer.json()["exclusions"]
        assert (entry["behaviour_id"], entry["item"]) == (cited["behaviour_id"], cited["item"])
        assert (entry["title"], entry["kind"], entry["value"]) == (cited["title"], cited["kind"], cited["value"])
        assert client.get(f"{U}/exclusions").json() == answer.json() == {"user": "u1", "exclusions": [entry]}
        again = explain(client, k=50)
        assert all(cited["behaviour_id"] not in one["contributions"] for one in again)
        assert all(cited["behaviour_id"] not in {e["behaviour_id"] for e in one["evidence"]} for one in again)
        assert cited["item"] not in {one["item"] for one in again}
        assert "met" in problem_of(client.post("/v1/explanations", json={"user": "u1", "item": cited["item"]}), 409)
        why = client.get("/v1/why-not", params={"user": "u1", "item": cited["item"]}).json()
        assert why["standing"] == "met"

    def test_the_list_is_that_of_a_history_without_it_but_for_its_item(self, client, explainer):
        before = explainer.history("u1")
        gone = before.behaviours[0]
        exclude(client, gone.id)
        scores = explainer.model.recommender.scores([before.without({gone.id})])[0]
        found = listed(client)["recommendations"]
        at = explainer.model.recommender.catalogue.position
        assert [r["score"] for r in found] == pytest.approx([float(scores[at(r["item"])]) for r in found])
        assert not {gone.item} & set(ids({"recommendations": found}))

    def test_a_second_time_changes_nothing_and_leaves_no_entry(self, client, database, explainer):
        one, two = everything(explainer)[:2]
        first = exclude(client, one).json()
        assert exclude(client, one, one).json() == first
        both = exclude(client, one, two).json()
        assert [e["behaviour_id"] for e in both["exclusions"]] == [one, two]
        assert [event for event, _ in entries(database, "behaviour.excluded")] == ["behaviour.excluded"] * 2
        for _ in range(2):
            assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert [event for event, _ in entries(database, "behaviour.included")] == ["behaviour.included"]

    def test_by_the_id_of_an_item_all_that_was_done_with_it(self, client, explainer, database):
        with database.session() as session:
            session.add(BehaviourRow(id="again", user_id="u1", item_id="i7", kind="view", time=5))
            session.add(BehaviourRow(id="once more", user_id="u1", item_id="i7", kind="rating", value=5.0, time=6))
        found = exclude(client, "i7").json()["exclusions"]
        assert {"again", "once more"} <= {e["behaviour_id"] for e in found}
        assert {e["item"] for e in found} == {"i7"}
        assert client.delete(f"{U}/exclusions/i7").status_code == 204
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_taken_in_again_everything_is_as_it_was(self, client, explainer):
        before, tags = listed(client), client.get(f"{U}/tags").json()
        every = everything(explainer)
        exclude(client, *every)
        assert listed(client) != before
        for one in every:
            assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert (listed(client), client.get(f"{U}/tags").json()) == (before, tags)

    def test_the_entry_is_the_digest_of_the_row(self, client, explainer, database):
        one = everything(explainer)[0]
        exclude(client, one)
        with database.session() as session:
            (row,) = session.scalars(select(ExclusionRow))
            (entry,) = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "behaviour.excluded"))
        record = {"id": row.id, "user": "u1", "behaviour": one, "created_at": row.created_at.isoformat()}
        assert entry.record_id == row.id
        assert log.proves(entry, record)
        client.delete(f"{U}/exclusions/{one}")
        with database.session() as session:
            (entry,) = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "behaviour.included"))
        assert entry.record_id == row.id
        assert log.proves(entry, record)

    def test_exclusion_and_entry_stand_or_fall_together(self, explainer, database, monkeypatch):
        from explainer.service.exclusions import exclude_behaviours

        one = everything(explainer)[0]
        monkeypatch.setattr(log, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            exclude_behaviours(database, "u1", [one])
        assert one in everything(explainer)

    def test_many_at_once_make_one_entry_each(self, client, explainer, database):
        every = everything(explainer)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: exclude(client, *every), range(8)))
        assert {a.status_code for a in answers} == {200}
        assert len(entries(database, "behaviour.excluded")) == len(every)

    def test_what_was_excluded_and_then_erased_can_be_taken_off_the_list(self, client, explainer, database):
        one = everything(explainer)[0]
        exclude(client, one)
        with database.session() as session:
            session.execute(delete(BehaviourRow).where(BehaviourRow.id == one))
        (entry,) = client.get(f"{U}/exclusions").json()["exclusions"]
        assert (entry["behaviour_id"], entry["item"], entry["title"]) == (one, None, None)
        assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_excluded_behaviours_make_no_tags(self, client, explainer):
        user = "u2"
        (tag,) = client.get(f"/v1/users/{user}/tags").json()["tags"]
        gone = [b["behaviour_id"] for b in tag["behaviours"]]
        exclude(client, *gone[:-1], user=user)
        assert client.get(f"/v1/users/{user}/tags").json()["tags"] == []
        assert "has no tag" in problem_of(client.delete(f"/v1/users/{user}/tags/{tag['tag']}"), 404)

    def test_of_what_is_excluded_nothing_speaks_for_or_against(self, client, explainer):
        item = ids(listed(client))[0]
        part = client.get("/v1/why-not", params={"user": "u1", "item": item}).json()["speaks_for"][0]
        exclude(client, part["behaviour_id"])
        found = client.get("/v1/why-not", params={"user": "u1", "item": item}).json()
        assert part["behaviour_id"] not in {p["behaviour_id"] for p in found["speaks_for"] + found["speaks_against"]}

    @pytest.mark.parametrize("locale", LOCALES)
    def test_without_anything_left_the_text_says_why_and_not_that_they_are_new(self, client, explainer, locale):
        exclude(client, *everything(explainer))
        found = listed(client)
        assert (found["cold_start"], found["personalised"]) == (False, True)
        for one in explain(client, k=12, locale=locale):
            assert OUT[locale] in one["text"].lower()
            assert not any(word in one["text"].lower() for word in (*NEVER, OFF[locale])), one["text"]
            assert (one["source"], one["evidence"], one["contributions"]) == ("template", [], {})


class TestHostile:
    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({"behaviours": ["no such thing"]}, 404, "no such thing"),
            ({"behaviours": ["i' OR 1=1 --"]}, 404, "their behaviours"),
            ({"behaviours": []}, 400, "Validation"),
            ({"behaviours": [""]}, 400, "Validation"),
            ({"behaviours": ["x" * 201]}, 400, "Validation"),
            ({"behaviours": ["x"] * 1001}, 400, "Validation"),
            ({"behaviours": "i1"}, 400, "Validation"),
            ({"behaviours": [None]}, 400, "Validation"),
            ({"behaviours": ["i1"], "user": "u2"}, 400, "Validation"),
            ({}, 400, "Validation"),
        ],
    )
    def test_nonsense_is_a_clear_error(self, client, body, status, words):
        assert words in problem_of(client.post(f"{U}/exclusions", json=body), status)

    def test_a_body_of_megabytes_is_refused(self, client):
        answer = client.post(f"{U}/exclusions", json={"behaviours": ["x" * 200] * 5000})
        assert answer.status_code in {400, 413}

    def test_one_unknown_among_many_excludes_none(self, client, explainer):
        known = everything(explainer)
        assert "nope" in problem_of(exclude(client, *known, "nope"), 404)
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_a_thousand_names_of_the_same_are_one(self, client, explainer):
        one = everything(explainer)[0]
        assert len(exclude(client, *[one] * 1000).json()["exclusions"]) == 1

    def test_anothers_behaviour_is_as_unknown_as_none(self, client, explainer, database):
        theirs = everything(explainer, "u2")[0]
        said = problem_of(exclude(client, theirs), 404)
        assert said == problem_of(exclude(client, "nope"), 404).replace("nope", theirs)
        problem_of(client.delete(f"{U}/exclusions/{theirs}"), 404)
        problem_of(client.post(f"{U}/preview", json={"exclude": [theirs]}), 404)
        assert theirs in everything(explainer, "u2")

    def test_anothers_exclusions_are_not_mine(self, client, explainer):
        mine = everything(explainer)
        exclude(client, *everything(explainer, "u2"), user="u2")
        assert everything(explainer) == mine
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_deleting_without_an_id_is_no_route(self, client):
        assert client.delete(f"{U}/exclusions").status_code == 405
        problem_of(client.delete(f"{U}/exclusions/unknown"), 404)

    def test_ids_of_any_kind_can_be_excluded_and_taken_in_again(self, empty):
        strange = ("a/b", "/a/b/", "a//b", "a b", "ü/中\u202e", "100%", "?x=1#y", "exclusions/", "{b1}", "'\"<")
        plain = [Item(f"p{n}", f"Plain {n}", ("plain",)) for n in range(30)]
        items = [Item(f"i{n}", f"Item {n}", ("noir",)) for n in range(len(strange))]
        user = "<b>Zoë \u202e"
        did = [rating(user, f"p{n}", 5.0, n) for n in range(3)] + [rating("o", f"p{n}", 5.0, n) for n in range(9)]
        data = Dataset("strange", "video", (*plain, *items), tuple(did))
        with empty.session() as session:
            catalogue.ingest(session, data, CleaningReport(), lambda _: None)
            for n, one in enumerate(strange):
                session.add(BehaviourRow(id=one, user_id=user, item_id=f"i{n}", kind="view", time=n))
            key = create_key(session, "test")
        explainer = Explainer(empty, fit(data, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))
        with TestClient(create_app(explainer, queue=4)) as client:
            client.headers["X-API-Key"] = key
            base = f"/v1/users/{quote(user, safe='')}/exclusions"
            answer = exclude(client, *strange, user=user)
            assert {e["behaviour_id"] for e in answer.json()["exclusions"]} == set(strange)
            for n, one in enumerate(strange):
                assert client.delete(f"{base}/{quote(one, safe='')}").status_code == 204, one
                left = {e["behaviour_id"] for e in client.get(base).json()["exclusions"]}
                assert left == set(strange[n + 1 :]), one
            exclude(client, "a//b", user=user)
            assert client.delete(f"{base}/a//b").status_code == 204, "slashes need no encoding"
            assert client.get(base).json()["exclusions"] == []

    @pytest.mark.parametrize("body", [{}, {"personalised": "no"}, {"personalised": None}, {"personalised": 2},
                                      {"personalised": False, "more": 1}, [], "off"])  # fmt: skip
    def test_settings_that_are_none_are_refused(self, client, body, database):
        assert client.put(f"{U}/settings", json=body).status_code == 400
        with database.session() as session:
            assert session.scalar(select(func.count()).select_from(UserSettingsRow)) == 0

    def test_users_with_long_names_are_refused(self, client):
        for path in ("settings", "exclusions"):
            problem_of(client.get(f"/v1/users/{'u' * 201}/{path}"), 400)


class TestPersonalisationOff:
    def test_it_is_on_until_switched_off_and_each_change_is_recorded_once(self, client, database):
        assert client.get(f"{U}/settings").json() == {"user": "u1", "personalised": True, "changed_at": None}
        off = switch(client, "off")
        assert switch(client, "off") == off == client.get(f"{U}/settings").json()
        assert off["personalised"] is False
        switch(client, "on")
        assert client.get(f"{U}/settings").json()["personalised"] is True
        made = entries(database, "settings.changed")
        assert len(made) == 2
        assert len({key for _, key in made}) == 1
        with database.session() as session:
            row = session.get_one(UserSettingsRow, "u1")
            last = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "settings.changed")).all()[-1]
        record = {"id": row.id, "user": "u1", "personalised": True, "changed_at": row.changed_at.isoformat()}
        assert log.proves(last, record)

    def test_the_list_is_the_most_liked_that_they_have_not_met(self, client, explainer):
        met = explainer.history("u1").items()
        before = listed(client)
        assert before["personalised"] is True
        switch(client, "off")
        found = listed(client)
        likes = [explainer.model.counts.popularity(item)[0] for item in ids(found)]
        assert (found["personalised"], found["cold_start"]) == (False, False)
        assert likes == sorted(likes, reverse=True)
        assert likes[0] == max(
            explainer.model.counts.popularity(i.id)[0]
            for i in explainer.model.recommender.catalogue.items
            if i.id not in met
        )
        assert not set(ids(found)) & met
        assert ids(found) != ids(before)
        switch(client, "on")
        assert listed(client) == before

    def test_it_is_popularity_alone_also_where_the_recommender_knows_none(self, database, dataset):
        """A hybrid without a popularity part scores all items 0 for an empty history."""
        config = SMALL_HYBRID.__class__(parts=SMALL_HYBRID.parts[:2], weights={"ease": 1.0, "content": 0.01})
        model = fit(dataset, HashEncoder(), config)
        explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))
        with database.session() as session:
            key = create_key(session, "test")
        with TestClient(create_app(explainer, queue=4)) as client:
            client.headers["X-API-Key"] = key
            switch(client, "off")
            likes = [model.counts.popularity(item)[0] for item in ids(listed(client, k=10))]
        assert likes == sorted(likes, reverse=True)
        assert likes[0] > likes[-1]

    @pytest.mark.parametrize("locale", LOCALES)
    @pytest.mark.parametrize("user", ["u1", "nobody"])
    def test_the_texts_say_so_and_nothing_of_taste_or_of_being_new(self, client, locale, user):
        switch(client, "off", user)
        made = explain(client, user=user, k=20, locale=locale)
        for one in made:
            assert OFF[locale] in one["text"].lower()
            assert not any(word in one["text"].lower() for word in NEVER), one["text"]
            assert (one["evidence"], one["contributions"], one["order"]) == ([], {}, [])
            assert (one["method"], one["verdict"], one["counterfactual"]) == ("popularity only", None, None)
            assert one["score"] == one["base_score"]
        assert [one["rank"] for one in made] == list(range(1, 21))

    def test_an_auditor_reads_by_what_it_was_ranked(self, client, explainer):
        switch(client, "off")
        (row,) = explainer.explain_top("u1", 1, Style("en", "auditor"))
        assert "popularity" in row.text
        assert "popularity only" in row.text
        assert "hybrid" not in row.text
        assert "switched personal recommendations off" in row.text
        (row,) = explainer.explain_top("u1", 1, Style("zh", "auditor"))
        assert "该用户已关闭个性化推荐" in row.text

    def test_one_item_is_explained_too_and_a_met_one_is_not(self, client, explainer):
        met = next(iter(explainer.history("u1").items()))
        switch(client, "off")
        last = ids(listed(client))[-1]
        (one,) = explain(client, item=last)
        assert OFF["en"] in one["text"].lower()
        problem_of(client.post("/v1/explanations", json={"user": "u1", "item": met}), 409)

    def test_why_not_answers_by_popularity(self, client):
        switch(client, "off")
        first, last = ids(listed(client))[0], ids(listed(client))[-1]
        found = client.get("/v1/why-not", params={"user": "u1", "item": last, "k": 2}).json()
        assert found["standing"] == "outranked"
        assert found["speaks_for"] == found["speaks_against"] == []
        assert "popularity alone" in found["words"]
        assert client.get("/v1/why-not", params={"user": "u1", "item": first, "k": 2}).json()["rank"] == 1

    def test_it_outdoes_exclusions_and_leaves_no_tags(self, client, explainer):
        every = everything(explainer)
        exclude(client, *every[:3])
        switch(client, "off")
        assert everything(explainer) == []
        assert client.get(f"{U}/tags").json()["tags"] == []
        assert OFF["en"] in explain(client, k=1)[0]["text"].lower()
        switch(client, "on")
        assert everything(explainer) == every[3:]

    def test_the_page_does_not_claim_to_know_nothing(self, explainer, database):
        from explainer.access import Role
        from explainer.access.people import add_person

        with database.session() as session:
            add_person(session, "ada", Role.SUPPORT, "correct horse battery")
            session.add(UserSettingsRow(user_id="u1", personalised=False))
        with TestClient(create_app(explainer, queue=4)) as client:
            client.post("/login", data={"name": "ada", "password": "correct horse battery"})
            page = client.get("/", params={"user": "u1"}).text
        assert "We know nothing" not in page
        assert "switched personal recommendations off" in page


class TestPreview:
    def test_it_shows_what_goes_what_comes_and_where_all_were(self, client, explainer, database):
        first = explain(client, k=5)
        gone = first[0]["counterfactual"]["behaviours"] or [first[0]["evidence"][0]["behaviour_id"]]
        with database.session() as session:
            before = session.scalar(select(func.count()).select_from(ExplanationRow))
        shown = client.post(f"{U}/preview", json={"exclude": gone, "k": 5}).json()
        was, now = [one["item"] for one in first], ids(shown)
        assert shown["exclude"] == gone
        assert shown["gone"] == [item for item in was if item not in now]
        assert shown["new"] == [item for item in now if item not in was]
        assert [r["was"] for r in shown["recommendations"]] == [
            was.index(item) + 1 if item in was else None for item in now
        ]
        with database.session() as session:
            assert session.scalar(select(func.count()).select_from(ExplanationRow)) == before
            assert session.scalar(select(func.count()).select_from(ExclusionRow)) == 0
        exclude(client, *gone)
        assert ids(listed(client, k=5)) == now, "what was shown is what comes"
        assert [one["text"] for one in explain(client, k=5)] == [r["text"] for r in shown["recommendations"]]

    def test_it_stands_on_what_is_excluded_already(self, client, explainer):
        one, two = everything(explainer)[:2]
        exclude(client, one)
        start = ids(listed(client, k=5))
        shown = client.post(f"{U}/preview", json={"exclude": [two], "k": 5}).json()
        assert shown["exclude"] == [two]
        assert [r for r in start if r not in ids(shown)] == shown["gone"]
        same = client.post(f"{U}/preview", json={"exclude": [one], "k": 5}).json()
        assert (same["exclude"], ids(same), same["gone"], same["new"]) == ([], start, [], [])

    @pytest.mark.parametrize("locale", LOCALES)
    def test_without_everything_it_says_that_all_would_be_excluded(self, client, explainer, locale):
        body = {"exclude": everything(explainer), "k": 6, "locale": locale}
        shown = client.post(f"{U}/preview", json=body).json()
        assert all(OUT[locale] in r["text"].lower() for r in shown["recommendations"])

    def test_switched_off_nothing_would_change(self, client, explainer):
        every = everything(explainer)
        switch(client, "off")
        shown = client.post(f"{U}/preview", json={"exclude": every, "k": 5}).json()
        assert (shown["exclude"], shown["gone"], shown["new"]) == ([], [], [])
        assert all(OFF["en"] in r["text"].lower() for r in shown["recommendations"])

    def test_the_old_name_of_the_field_is_refused(self, client):
        problem_of(client.post(f"{U}/preview", json={"without": ["i1"]}), 400)


class TestRecord:
    def test_it_holds_what_was_set_aside(self, client, explainer, database):
        every = everything(explainer)
        plain = stored(database, explain(client, k=1)[0]["id"])
        assert (plain.asked["set_aside"], plain.asked["switched_off"]) == ([], False)
        exclude(client, every[3], every[1])
        some = stored(database, explain(client, k=1)[0]["id"])
        assert (some.asked["set_aside"], some.asked["switched_off"]) == (sorted([every[1], every[3]]), False)
        switch(client, "off")
        off = stored(database, explain(client, k=1)[0]["id"])
        assert (off.asked["set_aside"], off.asked["switched_off"]) == (sorted(every), True)
        assert off.known_user is True
        for row in (plain, some, off):
            assert sorted({*row.contributions, *row.asked["set_aside"]}) == sorted(every), "the whole history"

    def test_what_was_shown_is_shown_again_only_while_the_choices_are_the_same(self, client, explainer):
        def shown():
            return [row.id for row in explainer.explain_top("u1", 3, reuse=True)]

        one = everything(explainer)[0]
        plain = shown()
        assert shown() == plain
        exclude(client, one)
        without = shown()
        assert not set(without) & set(plain)
        assert shown() == without
        switch(client, "off")
        off = shown()
        assert not set(off) & {*without, *plain}
        switch(client, "on")
        assert shown() == without
        client.delete(f"{U}/exclusions/{one}")
        assert shown() == plain

    def test_all_excluded_and_switched_off_are_not_taken_for_each_other(self, client, explainer):
        exclude(client, *everything(explainer))
        excluded = [row.id for row in explainer.explain_top("u1", 3, reuse=True)]
        switch(client, "off")
        assert not set(excluded) & {row.id for row in explainer.explain_top("u1", 3, reuse=True)}


def test_no_engine_is_asked_for_what_no_model_was_taught(database, model):
    engine = ScriptedEngine(*["{item} is popular here."] * 9)
    explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine))
    explainer.explain_top("nobody", 2)
    assert engine.asked
    engine.asked.clear()
    with database.session() as session:
        session.add(UserSettingsRow(user_id="u1", personalised=False))
        session.add_all(ExclusionRow(user_id="u2", behaviour_id=one) for one in everything(explainer, "u2"))
    for user in ("u1", "u2"):
        for row in explainer.explain_top(user, 3):
            assert (row.source, row.prompt_hash, row.gate_failures) == ("template", "", [])
    assert not engine.asked


@pytest.mark.parametrize("domain", ["video", "shop", "content", "social", "news"])
def test_in_every_domain_every_reader_gets_a_text(empty, dataset, domain):
    data = Dataset("tiny", domain, dataset.items, dataset.behaviours)
    with empty.session() as session:
        catalogue.ingest(session, data, CleaningReport(), lambda _: None)
        session.add(UserSettingsRow(user_id="u1", personalised=False))
    explainer = Explainer(empty, fit(data, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))
    for locale in LOCALES:
        for audience in AUDIENCES:
            rows = explainer.explain_top("u1", 3, Style(locale, audience))
            said = "personal recommendations off" if locale == "en" else "已关闭个性化推荐"
            assert all(said in row.text for row in rows)
