"""What is written before anybody asks is what the online path would have made, and leaves the same for later."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from explainer.evidence.firewall import shipped_words
from explainer.service.exclusions import exclude_behaviours
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.prepared import Batch
from explainer.service.pregenerate.stages import Stages
from explainer.service.subject.erase import erase
from explainer.service.suppress import suppress
from explainer.service.user_settings import set_personalised
from explainer.storage import jobs
from explainer.storage.bulk_tables import DeadLetterRow, PregeneratedRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.erasing import held_counts
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow
from explainer.storage.job_tables import JobRow
from explainer.storage.reading_tables import ReviewRow
from explainer.tags import UserTags
from explainer.writing.style import Style
from tests.conftest import rating
from tests.integration.pregenerate.acting import K, Typist, over
from tests.integration.pregenerate.checks import USERS, all_of, pregenerate, require_each_once, told


def test_online_shows_what_was_written_before_and_stores_no_second(explainer, database):
    pregenerate(explainer)
    stored = {row.id for row in all_of(database, ExplanationRow)}
    shown = {row.id for user in USERS for row in explainer.explain_top(user, K, reuse=True)}
    assert shown == stored == {row.id for row in all_of(database, ExplanationRow)}


def test_what_online_stored_before_is_not_written_again(explainer, database):
    online = {row.id for row in explainer.explain_top("u3", K)}
    found = pregenerate(explainer, ["u3", "u4"])
    assert (found.stored, found.unchanged) == (K, K)
    assert online == {row.id for row in all_of(database, ExplanationRow) if row.user_id == "u3"}


def test_what_is_online_first_while_it_is_written_stays_alone(explainer, database, typist):
    stages = Stages(explainer, Order(K))
    batch = stages.prepare(["u3"])
    online = {row.id for row in explainer.explain_top("u3", K)}
    assert (stages.store(batch).unchanged, {row.id for row in all_of(database, ExplanationRow)}) == (K, online)
    assert {one.explanation_id for one in all_of(database, PregeneratedRow)} == online


def test_after_another_behaviour_nothing_stale_is_shown(explainer, database, dataset):
    pregenerate(explainer, ["u3"])
    before = {row.id for row in all_of(database, ExplanationRow)}
    met = {b.item for b in dataset.histories["u3"].behaviours}
    item = next(i.id for i in dataset.items if i.id not in met and i.aspects)
    with database.session() as session:
        did = rating("u3", item, 5.0, 2_000_000)
        session.add(BehaviourRow(id=did.id, user_id="u3", item_id=item, kind="rating", value=5.0, time=did.time))
    assert pregenerate(explainer, ["u3"]).stored == K
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    assert not shown & before
    assert {row.id for row in all_of(database, ExplanationRow)} == before | shown


class Retrained(Typist):
    adapter_hash = "b"


@pytest.mark.parametrize(
    ("engine", "of_data"), [(Retrained, {}), (Typist, {"data_hash": "other"})], ids=["adapter", "recommender"]
)
def test_by_another_version_all_are_written_anew_once_and_the_old_ones_kept(database, model, engine, of_data):
    users = ["u3", "u4"]
    pregenerate(over(database, model, Typist()), users)
    before = {row.id: told(row) for row in all_of(database, ExplanationRow)}
    other = over(database, replace(model, **of_data), engine())
    first, second = pregenerate(other, users), pregenerate(other, users)
    assert [(one.stored, one.unchanged) for one in (first, second)] == [(2 * K, 0), (0, 2 * K)]
    rows = all_of(database, ExplanationRow)
    assert {row.id: told(row) for row in rows if row.id in before} == before
    new = [row for row in rows if row.id not in before]
    assert Counter(row.user_id for row in new) == dict.fromkeys(users, K)
    assert {(row.recommender_version, row.writer_version) for row in new} == {
        (other.model.version, other.writer_version)
    }
    require_each_once(database, rows)


def test_it_is_what_online_would_have_made_for_everybodys_choices(database, new_database, model):
    other = new_database()
    for one in (database, other):
        history = over(one, model, Typist()).history("u1").behaviours
        exclude_behaviours(one, "u1", [behaviour.id for behaviour in history[:5]])
        set_personalised(one, "u2", personalised=False)
        tags = UserTags(one, model.recommender.catalogue.items, model.recommender.scale, shipped_words())
        tags.delete("u3", tags.of("u3").tags[0].tag)
        with one.session() as session:
            for item in session.scalars(select(ItemRow)):
                item.private = "health" if item.position % 4 == 0 else ""
                item.judged_by = "test"
    users = ["u1", "u2", "u3", "u4", "u5"]
    for style in (Style(), Style("en", "support"), Style("zh")):
        pregenerate(over(database, model, Typist()), users, style=style)
        online = over(other, model, Typist())
        for user in users:
            online.explain_top(user, K, style)
    here, there = all_of(database, ExplanationRow), all_of(other, ExplanationRow)
    for row in there:
        row.counterfactual = None  # found before the answer here, by whoever asks there
    assert in_order_of_style(here) == in_order_of_style(there)
    assert any(row.asked["private"] for row in here)
    sampled = {row.explanation_id for row in all_of(database, ReviewRow)}
    assert sampled < {row.id for row in here if row.source == "model"}
    assert sampled


def in_order_of_style(rows):
    return [told(r) for r in sorted(rows, key=lambda r: (r.user_id, r.locale, r.audience, r.rank))]


def test_a_suppressed_one_is_written_anew_and_holds_its_key(explainer, database):
    pregenerate(explainer, ["u3"])
    gone = min(all_of(database, ExplanationRow), key=lambda row: row.rank)
    suppress(database, gone.id, "wrong", "somebody")
    assert pregenerate(explainer, ["u3"]).stored >= 1
    holder = next(one for one in all_of(database, PregeneratedRow) if one.item_id == gone.item_id)
    assert holder.explanation_id != gone.id
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    assert gone.id not in shown
    assert pregenerate(explainer, ["u3"]).stored == 0


def test_of_the_erased_nothing_is_left_nor_stored_afterwards(explainer, database, typist, erasing):
    pregenerate(explainer, ["u3", "u4"])
    typist.away = True
    pregenerate(explainer, ["u3", "u5"], style=Style("en", "support"))
    assert {one.user_id for one in all_of(database, DeadLetterRow)} <= {"u3", "u5"}
    stages = Stages(explainer, Order(K, Style("zh")))
    batch = stages.prepare(["u3", "u5"])
    erase(database, erasing, "u3", "test")
    stored = stages.store(batch)
    assert (sum(stored.sources.values()), stored.unchanged) == (K, K)
    with database.session() as session:
        assert held_counts(session, "u3") == {}
        assert held_counts(session, "u5")["explanations"] == K


def test_for_those_of_whom_nothing_is_known_nothing_is_written(explainer, database, typist, erasing):
    erase(database, erasing, "u3", "test")
    found = pregenerate(explainer, ["u3", "nobody ever heard of"])
    assert (found.users, found.unknown, found.pairs, found.failed, typist.asked) == (2, 2, 0, 0, [])
    stages = Stages(explainer, Order(K))
    batch = Batch(("u3",), (stages._prepared("u3", []),), (), 0.0)  # erased between two looks
    assert len(batch.plans) == K
    assert sum(stages.store(batch).sources.values()) == 0
    with database.session() as session:
        assert held_counts(session, "u3") == {}


def test_the_first_who_is_shown_them_asks_for_their_counterfactuals_once(explainer, database):
    pregenerate(explainer, ["u3"])
    explainer.afterwards = Afterwork(JobQueue(database), ())
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    explainer.explain_top("u3", K, reuse=True)
    assert {one.explanation_id for one in all_of(database, JobRow)} == shown
    with database.session() as session:
        jobs.ask_once(session, jobs.COUNTERFACTUAL, [*shown, "gone"], explainer.model.version)
    assert len(all_of(database, JobRow)) == K
    Afterwork(JobQueue(database), [jobs.COUNTERFACTUAL]).drain(lambda: explainer)
    assert {one.explanation_id for one in all_of(database, CounterfactualRow)} == shown
    explainer.explain_top("u3", K, reuse=True)
    assert all_of(database, JobRow) == []


def test_of_each_prompt_a_reviewer_reads_one_text_at_most(explainer, database):
    explainer.review_percent = 100.0
    for users in (USERS[:12], USERS[12:]):
        pregenerate(explainer, users)
    written = {row.id: row.prompt_hash for row in all_of(database, ExplanationRow) if row.source == "model"}
    read = [written[one.explanation_id] for one in all_of(database, ReviewRow)]
    assert sorted(read) == sorted(set(written.values()))
    assert len(read) < len(written)
