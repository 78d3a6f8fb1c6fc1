"""From database to stored explanation, with hostile data."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from explainer.audit import log
from explainer.errors import ConflictError, NotFoundError, NotReadyError
from explainer.pipeline import Explainer
from explainer.storage import catalogue
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import Base
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.vectors.table import EMBEDDINGS
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow
from explainer.view import record_of
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport
from tests.conftest import HOSTILE, make_dataset, rating
from tests.databases import number_of, without_nul

pytestmark = pytest.mark.both


def ingest(database, dataset):
    with database.session() as session:
        return catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)


def test_ingest_is_idempotent_and_reads_back_as_it_was(database, dataset):
    assert ingest(database, dataset) == (0, 0)
    with database.session() as session:
        loaded = catalogue.load_dataset(session)
    assert loaded.items == dataset.items
    assert loaded.content_hash == dataset.content_hash
    assert dict(loaded.histories) == dict(dataset.histories)


def test_ingest_adds_what_is_new_and_updates_titles(database, dataset):
    from dataclasses import replace

    items = (replace(dataset.items[0], title="Renamed"), *dataset.items[1:], replace(dataset.items[0], id="new"))
    behaviours = (*dataset.behaviours, rating("u0", "new", 5.0))
    assert ingest(database, replace(dataset, items=items, behaviours=behaviours)) == (1, 1)
    with database.session() as session:
        assert catalogue.load_item(session, "i0").title == "Renamed"


def test_progress_tells_of_every_row(empty, dataset):
    seen = []
    with empty.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), seen.append)
    assert sum(seen) == len(dataset.items) + len(dataset.behaviours)


def test_a_second_dataset_in_one_database_is_refused(database, dataset):
    from dataclasses import replace

    with pytest.raises(ConflictError, match="holds 'tiny'"):
        ingest(database, replace(dataset, name="other"))


def test_an_explanation_is_stored_with_everything_that_made_it(explainer, database):
    rows = explainer.explain_top("u3", 3)
    assert [row.rank for row in rows] == [1, 2, 3]
    with database.session() as session:
        stored = get_explanation(session, rows[0].id)
    assert stored.text == rows[0].text
    assert stored.evidence
    assert sum(stored.contributions.values()) + stored.base_score == pytest.approx(stored.score, abs=1e-4)
    assert len(stored.contributions) == 15
    assert (number_of(database, PromptVersionRow), number_of(database, ModelVersionRow)) == (1, 2)
    with database.session() as session:
        created = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        entries = list(session.scalars(created))
        prompt = session.get(PromptVersionRow, stored.prompt_version)
    assert [entry.record_id for entry in entries] == [row.id for row in rows]
    assert log.proves(entries[0], record_of(stored)), "the record proves itself after a round trip"
    assert "en/customer/fallback.j2" in prompt.templates


def test_explanation_evidence_and_audit_entry_stand_or_fall_together(explainer, database, monkeypatch):
    calls = []

    def fail_the_second_time(session, event, record_id, record, subjects):
        calls.append(event)
        if len(calls) == 2:
            raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail_the_second_time)
    with pytest.raises(RuntimeError, match="power cut"):
        explainer.explain_top("u3", 3)
    assert [number_of(database, t) for t in (ExplanationRow, EvidenceRow, AuditEntryRow)] == [0, 0, 0]


def test_reuse_shows_the_same_record_until_something_changed(explainer, database):
    first = explainer.explain_top("u5", 2, reuse=True)
    again = explainer.explain_top("u5", 2, reuse=True)
    assert [r.id for r in first] == [r.id for r in again]
    assert explainer.explain_top("u5", 2)[0].id != first[0].id, "asked for anew, it is a new record"
    with database.session() as session:
        session.add(BehaviourRow(id="x", user_id="u5", item_id="i1", kind="view", value=None, time=9_000_000))
    assert explainer.explain_top("u5", 2, reuse=True)[0].id not in {r.id for r in again}


def test_a_cold_start_says_so_and_never_because_you(explainer):
    for row in explainer.explain_top("nobody ever heard of", 5):
        assert row.evidence == []
        assert not row.known_user
        assert "because" not in row.text.lower()
        assert "new here" in row.text
        assert row.source == "template"


def test_a_cold_start_on_an_unpopular_item_claims_no_popularity(explainer, model):
    least = min(model.recommender.catalogue.items, key=lambda item: model.counts.popularity(item.id))
    (row,) = explainer.explain_items("nobody", [least.id])
    assert "popular" not in row.text
    assert row.popularity is None


def test_unknown_and_met_items_are_clear_errors(explainer, dataset):
    with pytest.raises(NotFoundError, match="'zz'"):
        explainer.explain_items("u1", ["zz"])
    met = next(b.item for b in dataset.behaviours if b.user == "u1")
    with pytest.raises(ConflictError, match="met"):
        explainer.explain_items("u1", [met])


def test_hostile_titles_come_through_whole(explainer, dataset):
    items = dataset.items[: len(HOSTILE)]
    rows = explainer.explain_items("nobody", [item.id for item in items])
    for row, item in zip(rows, items, strict=True):
        assert row.title == item.title
        shown = row.slots["item"]
        assert shown in row.text
        assert row.draft.count("{item}") == 1
    texts = " ".join(row.text for row in rows)
    for kept in ("<script>alert('x')</script> & Sons", "{b1} and {item} and {{ 7 * 7 }}", "流浪地球", "Rocket 🚀 Road"):
        assert kept in texts


def test_an_item_without_aspects_and_a_user_of_ten_thousand_behaviours(explainer, database):
    with database.session() as session:
        session.add_all(
            BehaviourRow(id=f"g{n}", user_id="glutton", item_id=f"i{n % 40}", kind="rating", value=5.0, time=n + 1)
            for n in range(10_000)
        )
    (row,) = explainer.explain_items("glutton", ["i59"])
    assert row.text
    assert len(row.contributions) == 10_000
    assert len(row.evidence) <= 3


def test_a_user_who_met_everything_gets_an_empty_list(explainer, database, dataset):
    with database.session() as session:
        session.add_all(
            BehaviourRow(id=f"all{i.id}", user_id="all", item_id=i.id, kind="view", value=None, time=1)
            for i in dataset.items
        )
    assert explainer.explain_top("all", 5) == []


def test_an_empty_database_and_an_old_schema_say_what_to_do(make_database, model):
    database = make_database()
    with pytest.raises(NotReadyError, match="explainer migrate"):
        database.require_current()
    database.migrate()
    database.require_current()
    with pytest.raises(NotReadyError, match="explainer ingest"):
        Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


def test_the_migration_makes_exactly_the_tables_of_the_code(empty):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def is_ours(name, kind, _):
        # Where PostgreSQL has pgvector it has a table for it, and months have parts; neither are a migration's to list.
        if kind != "table" or name in Base.metadata.tables:
            return True
        return name != EMBEDDINGS.name and not name.startswith("explanations_")

    def counts(_, name, kind, reflected, compared_to):
        # PostgreSQL makes a key of its own from each part.
        return kind != "foreign_key_constraint" or not reflected or compared_to is not None or not name[-1].isdigit()

    options = {"include_name": is_ours, "include_object": counts}
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []


def test_an_item_ingested_after_the_fit_is_an_error_that_says_fit_again(explainer, database):
    with database.session() as session:
        session.add(ItemRow(id="late", position=999, title="Late", year=None, aspects=[], text=""))
    from retriever.errors import UnknownItemError

    with pytest.raises(UnknownItemError, match="fit again"):
        explainer.explain_items("u1", ["late"])


def test_a_behaviour_on_an_item_after_the_fit_does_no_harm(explainer, database):
    with database.session() as session:
        session.add(ItemRow(id="late", position=999, title="Late", year=None, aspects=[], text=""))
        session.flush()
        session.add(BehaviourRow(id="l", user_id="u1", item_id="late", kind="rating", value=5.0, time=9))
    assert len(explainer.explain_top("u1", 2)) == 2


def test_another_seed_another_dataset_all_texts_fill(empty):
    from retriever.fit import fit
    from tests.conftest import SMALL_HYBRID, HashEncoder

    data = without_nul(make_dataset(n_items=80, n_users=60, seed=11))
    ingest(empty, data)
    fitted = fit(data, HashEncoder(), SMALL_HYBRID)
    explainer = Explainer(empty, fitted, Writer(PromptLibrary(), load_vocabulary))
    texts = [row.text for user in list(data.histories)[:15] for row in explainer.explain_top(user, 4)]
    assert len(texts) == 60
    assert not [t for t in texts if "{b" in t.replace("{b1} and {item}", "") or "{co" in t]
