"""Each domain from a folder to a stored sentence: real encoder and database, what is said checked against rows."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import select, text

from explainer.access.keys import create_key
from explainer.assembly import make_explainer
from explainer.cli import main
from explainer.errors import NotReadyError
from explainer.server.app import create_app
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.database import Database, _alembic
from retriever.data import CleaningReport, Dataset, read_dataset

SAMPLES = Path(__file__).resolve().parents[1] / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def explainer_on(home, folder):
    """Ingest and fit as the command line does; return the whole pipeline, with templates."""
    settings = Settings(home=home, engine="none")
    for words in (["ingest", str(folder)], ["fit"]):
        result = CliRunner().invoke(main, ["--home", str(home), *words])
        assert result.exit_code == 0, result.output
    return make_explainer(settings)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Return the pipeline over a sample folder, made once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = explainer_on(tmp_path_factory.mktemp(name), SAMPLES / name)
        return made[name]

    yield get
    for explainer in made.values():
        explainer.database.engine.dispose()


def everybody(explainer):
    with explainer.database.session() as session:
        return sorted(set(session.scalars(select(BehaviourRow.user_id))))


def rows_of(explainer, users, k):
    return [row for user in users for row in explainer.explain_top(user, k)]


VERBS = {
    "social": {"like": "liked", "follow": "followed", "view": "saw"},
    "content": {"read": "read", "listen": "listened to", "like": "liked"},
}


@pytest.mark.parametrize("name", ["social", "content"])
def test_a_sample_folder_runs_the_whole_main_job(sample, name):
    explainer = sample(name)
    rows = rows_of(explainer, everybody(explainer), 3)
    reasoned = [row for row in rows if row.evidence]
    assert len(reasoned) >= 0.8 * len(rows)
    assert {e.kind for row in reasoned for e in row.evidence} == VERBS[name].keys()
    for row in rows:
        assert "film" not in row.draft.replace("35mm film", "")
        assert "\u201c" in row.text
        for cited in row.evidence:
            assert VERBS[name][cited.kind] in row.text


@pytest.mark.parametrize("name", ["social", "content"])
def test_every_fact_is_in_the_rows_of_the_folder(sample, name):
    explainer = sample(name)
    with (SAMPLES / name / "behaviours.csv").open(encoding="utf-8", newline="") as file:
        did = {(kind, item, person) for person, item, kind, _ in list(csv.reader(file))[1:]}
    items = {item.id: item for item in read_dataset(SAMPLES / name)[0].items}
    seen = set()
    for row in rows_of(explainer, everybody(explainer), 3):
        for cited in row.evidence:
            assert (cited.kind, cited.item_id, row.user_id) in did
            for reason in cited.reasons:
                seen.add(reason["type"])
                if reason["type"] == "co_occurrence":
                    both = [
                        {p for k, i, p in did if (k, i) == (reason["kind"], i_)} for i_ in (cited.item_id, row.item_id)
                    ]
                    assert (reason["n"], reason["m"]) == (len(both[0] & both[1]), len(both[0]))
                    assert reason["kind"] == cited.kind
                elif reason["type"] == "shared_aspect" and name == "content":
                    assert reason["source"] == "catalogue"
                    assert all(reason["aspect"] in items[i].aspects for i in (cited.item_id, row.item_id))
                elif reason["type"] == "shared_aspect":
                    assert reason["source"] in {"title", "text"}
                    for item in (items[cited.item_id], items[row.item_id]):
                        where = item.title if reason["source"] == "title" else f"{item.title} {item.text}"
                        assert reason["aspect"].lower() in where.lower()
    assert "shared_aspect" in seen
    assert name == "content" or "co_occurrence" in seen


def test_dirty_rows_of_the_samples_are_counted():
    for name in ("social", "content"):
        report = read_dataset(SAMPLES / name)[1]
        reasons = {reason.value for (table, reason) in report.dropped if table == "behaviours"}
        assert reasons == {"unknown item", "no user", "impossible time", "unknown kind", "duplicate"}
        assert any(table == "items" for table, _ in report.dropped)


def test_the_sample_script_writes_what_is_there(tmp_path):
    copy = shutil.copytree(SAMPLES, tmp_path / "data")
    subprocess.run([sys.executable, copy / "make_samples.py"], check=True)
    for name in ("social", "content"):
        assert (copy / name / "behaviours.csv").read_bytes() == (SAMPLES / name / "behaviours.csv").read_bytes()


def test_page_and_api_say_where_an_aspect_comes_from(sample):
    explainer = sample("social")
    with explainer.database.session() as session:
        key = create_key(session, "test")
    user = next(row.user_id for row in rows_of(explainer, everybody(explainer)[:9], 2) if "mentions" in row.text)
    with TestClient(create_app(explainer, queue=4)) as client:
        client.headers["X-API-Key"] = key
        listed = client.get(f"/v1/users/{user}/recommendations", params={"k": 40}).json()["recommendations"]
        made = client.post("/v1/explanations", json={"user": user, "k": 2}).json()["explanations"]
        page = client.get("/", params={"user": user}).text
    phrases = [phrase for item in listed for phrase in item["phrases"]]
    assert {"term": "sourdough starter", "source": "title"} in phrases or {
        "term": "35mm film",
        "source": "text",
    } in phrases
    reasons = [reason for e in made for cited in e["evidence"] for reason in cited["reasons"]]
    assert {r["source"] for r in reasons if r["type"] == "shared_aspect"} <= {"title", "text"}
    assert "from the descriptions)" in page
    assert "(from title or description)" in page
    assert "saw" in page or "liked" in page


def test_phrases_come_back_from_the_database(sample):
    with sample("social").database.session() as session:
        stored = catalogue.load_dataset(session)
    read = read_dataset(SAMPLES / "social")[0]
    assert stored.items == read.items
    assert any(item.phrases for item in stored.items)
    assert stored.content_hash == read.content_hash


def test_a_database_of_the_first_version_is_brought_up_to_date(make_database):
    from alembic import command

    database = make_database("old")
    command.upgrade(_alembic(database.url), "0001")
    with database.session() as session:
        session.execute(
            text(
                "INSERT INTO items (id, position, title, year, aspects, text) VALUES ('i', 0, 'T', NULL, '[\"a\"]', '')"
            )
        )
        session.execute(text("INSERT INTO datasets VALUES ('d', 'shop', 1, 5, '{}', '2024-01-01 00:00:00')"))
    with pytest.raises(NotReadyError, match="at 0001, the code needs 0"):
        database.require_current()
    database.migrate()
    database.require_current()
    with database.session() as session:
        assert [(i.id, i.aspects, i.phrases) for i in catalogue.load_dataset(session).items] == [("i", ("a",), ())]
    command.downgrade(_alembic(database.url), "0001")
    command.upgrade(_alembic(database.url), "head")
    database.require_current()


def cut(dataset, items, users):
    """Return the dataset with its most met items and the first people who met them."""
    from collections import Counter

    met = Counter(b.item for b in dataset.behaviours)
    kept = {item for item, _ in met.most_common(items)}
    people = set(list(dict.fromkeys(b.user for b in dataset.behaviours if b.item in kept))[:users])
    behaviours = tuple(b for b in dataset.behaviours if b.item in kept and b.user in people)
    return Dataset(
        dataset.name, dataset.domain, tuple(i for i in dataset.items if i.id in kept), behaviours, dataset.scale
    )


@pytest.mark.shared
@pytest.mark.parametrize(("name", "verb", "least"), [("amazon-games", "reviewed", 0.8), ("mind-news", "opened", 0.2)])
def test_the_real_folders_cut_short(tmp_path, name, verb, least):
    if not (SHARED / name).is_dir():
        pytest.skip(f"the folder {name} is not beside this checkout")
    settings = Settings(home=tmp_path, engine="none")
    database = Database(settings.url)
    database.migrate()
    dataset, report = read_dataset(SHARED / name)
    small = cut(dataset, 300, 3000)
    with database.session() as session:
        catalogue.ingest(session, small, report or CleaningReport(), lambda _: None)
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "fit"])
    assert result.exit_code == 0, result.output
    explainer = make_explainer(settings)
    rows = rows_of(explainer, list(small.histories)[:40], 3)
    assert len([row for row in rows if row.evidence]) >= least * len(rows)
    did = {(b.item, b.user) for b in small.behaviours}
    for row in rows:
        assert "liked" not in row.draft
        assert not row.evidence or verb in row.draft
        for cited in row.evidence:
            assert (cited.item_id, row.user_id) in did
            for reason in (reason for reason in cited.reasons if reason["type"] == "co_occurrence"):
                both = [{user for item, user in did if item == wanted} for wanted in (cited.item_id, row.item_id)]
                assert (reason["n"], reason["m"]) == (len(both[0] & both[1]), len(both[0]))
    explainer.database.engine.dispose()
    database.engine.dispose()
