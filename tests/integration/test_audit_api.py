"""What an auditor gets by API: status, samples, downloads, records, series; with hostile input."""

from __future__ import annotations

import csv
import hashlib
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from explainer.access import Role
from explainer.server.app import create_app
from explainer.service import audit_records
from explainer.service.downloads import csv_lines, json_lines
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.listing import Search
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, ViewRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.integration.audits import ADDRESSES, fourteen, get
from tests.integration.client import client_of
from tests.integration.problems import problem_of


@pytest.fixture
def auditor(explainer, database):
    with client_of(create_app(explainer, queue=4), database, Role.AUDITOR, "auditor") as made:
        yield made


@pytest.fixture
def rows(explainer):
    return fourteen(explainer)


def alter(database, row, **values):
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(**values))


def test_the_status_is_the_check(auditor, database, rows):
    assert get(auditor, "status").json()["sound"] is True
    alter(database, rows[0], text="Lies.")
    found = get(auditor, "status").json()
    assert (found["sound"], found["digests_wrong"], found["findings"][0]["record_id"]) == (False, 1, rows[0].id)


def test_a_sample_is_drawn_as_its_method_says_and_the_same_again(auditor, rows):
    found = get(auditor, "sample", seed="a seed", n=5).json()
    ordered = sorted((row.id for row in rows), key=lambda one: hashlib.sha256(f"a seed:{one}".encode()).hexdigest())
    assert found["ids"] == [record["explanation"]["id"] for record in found["records"]] == ordered[:5]
    assert (found["found"], found["seed"]) == (14, "a seed")
    assert "sha256sum" in found["method"]
    assert get(auditor, "sample", seed="a seed", n=5).json() == found
    assert get(auditor, "sample", seed="another", n=5).json()["ids"] != found["ids"]
    assert len(get(auditor, "sample", seed="x", n=100).json()["ids"]) == 14


def test_more_looks_than_a_statement_has_room_for_are_all_told(auditor, rows, monkeypatch):
    for _ in range(4):
        get(auditor, f"explanations/{rows[0].id}")
    before = get(auditor, f"explanations/{rows[0].id}").json()["record"]["entries"]
    monkeypatch.setattr(audit_records, "_CHUNK", 2)
    told = get(auditor, f"explanations/{rows[0].id}").json()["record"]["entries"]
    assert told[:-1] == before
    assert [entry["event"] for entry in told[-5:]] == ["record.viewed"] * 5
    assert all(entry["matches"] for entry in told)


def test_a_sample_of_a_part_is_of_that_part_and_holds_what_made_it(auditor, rows):
    found = get(auditor, "sample", seed="s", locale="zh", audience="auditor").json()
    assert (found["found"], set(found["ids"])) == (2, {row.id for row in rows[-2:]})
    (prompts,) = found["provenance"]["prompts"]
    assert prompts["templates"] == PromptLibrary().sources(Style("zh", "auditor"))
    assert prompts["intact"] is True
    assert {model["kind"] for model in found["provenance"]["models"]} == {"recommender", "writer"}
    assert get(auditor, "sample", seed="s", source="model").json()["ids"] == []


def test_one_record_holds_everything_that_concerns_it(auditor, database, rows):
    row = rows[0]
    given = give_feedback(database, row.id, FeedbackKind.OFFENSIVE, "Rude.", "test")
    later = {"text": "T", "draft": "T", "slots": {}, "source": "model", "gate_failures": [], "prompt_hash": ""}
    versions = {"prompt_version": row.prompt_version, "writer_version": row.writer_version}
    with database.session() as session:
        session.add(RevisionRow(explanation_id=row.id, number=2, **later, **versions))
        session.add(SuppressionRow(explanation_id=row.id, reason="rude", by="ada"))
        session.add(ViewRow(viewer="ada", role="support", subject="u1", what="explanation", record_id=row.id))
    found = get(auditor, f"explanations/{row.id}").json()
    record = found["record"]
    assert record["explanation"]["text"] == row.text
    assert record["explanation"]["asked"] == row.asked
    assert [cited["title"] for cited in record["evidence"]] == [cited.title for cited in row.evidence]
    assert [(entry["event"], entry["matches"]) for entry in record["entries"]] == [
        ("explanation.created", True),
        ("counterfactual.found", True),
        ("feedback.given", True),
        ("review.opened", None),
    ]
    assert [one["id"] for one in record["feedback"]] == [given.id]
    assert [one["number"] for one in record["revisions"]] == [2]
    assert (record["suppression"]["reason"], record["review"]["cause"]) == ("rude", "reported")
    before, mine = (view["viewer"] for view in record["views"])
    assert (before, found["staff"][mine]) == ("ada", "auditor"), "this look is on record, too"
    assert record["upgrade"] is None
    assert record["counterfactual"]["record"] == row.counterfactual.record
    assert found["provenance"]["models"][0]["details"]


def test_complaints_can_be_counted_among_what_was_complained_of(auditor, database, rows):
    give_feedback(database, rows[0].id, FeedbackKind.WRONG, "", "test")
    (point,) = get(auditor, "series", complained=True).json()["points"]
    assert (point["explanations"], point["wrong"]) == (1, 1)


def test_an_altered_record_is_shown_as_it_is_and_said_to_be_altered(auditor, database, rows):
    alter(database, rows[0], verdict={"causal": "perhaps"}, text="Lies.")
    record = get(auditor, f"explanations/{rows[0].id}").json()["record"]
    assert record["explanation"]["text"] == "Lies."
    assert [entry["matches"] for entry in record["entries"]] == [False, True]
    problem_of(auditor.get("/v1/audit/explanations/none"), 404)


def lines(answer):
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


def test_downloads_hold_everything_once_oldest_first(auditor, rows):
    answer = get(auditor, "export.jsonl")
    assert [one["explanation"]["id"] for one in lines(answer)] == [row.id for row in sorted(rows, key=age)]
    assert answer.headers["content-disposition"] == 'attachment; filename="explanations.jsonl"'
    table = table_of(get(auditor, "export.csv"))
    assert [one["id"] for one in table] == [row.id for row in sorted(rows, key=age)]
    assert [one["text"] for one in table] == [row.text for row in sorted(rows, key=age)]
    assert len(lines(get(auditor, "export.jsonl", user="u3", until="2100-01-01T00:00:00Z"))) == 4
    assert get(auditor, "export.jsonl", user="nobody ever").content == b""


def age(row):
    return row.created_at, row.id


def table_of(answer):
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("x")']
)
def test_no_title_becomes_a_formula(auditor, database, rows, title):
    alter(database, rows[0], title=title, text=f"{title}, really")
    (found,) = [one for one in table_of(get(auditor, "export.csv")) if one["id"] == rows[0].id]
    assert found["title"] == f"'{title}"
    assert found["text"] == f"'{title}, really"
    assert all(
        float(one["score"]) == row.score for one, row in zip(table_of(get(auditor, "export.csv")), rows, strict=True)
    )


def test_titles_of_many_lines_and_quotes_stay_one_cell(auditor, database, rows):
    alter(database, rows[0], title='a","b\r\n"c";=1')
    assert len(table_of(get(auditor, "export.csv"))) == 14


def test_a_download_holds_no_more_in_memory_when_it_is_longer(explainer, database):
    def peak(make):
        tracemalloc.start()
        size = sum(map(len, make(database, Search())))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    for n in range(4):
        explainer.explain_top(f"new {n}", 50)
    short = {make: peak(make) for make in (json_lines, csv_lines)}
    for n in range(4, 20):
        explainer.explain_top(f"new {n}", 50)
    for make in (json_lines, csv_lines):
        size, most = peak(make)
        assert size > 4.5 * short[make][0]
        assert most < 1.5 * short[make][1]


def test_series_count_by_period_and_version(auditor, database, rows):
    monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for n, row in enumerate(rows):
        alter(
            database,
            row,
            created_at=monday + timedelta(days=n % 2),
            gate_failures=["digits", "name: Al"] if n == 0 else [],
        )
    alter(database, rows[2], source="model")
    give_feedback(database, rows[0].id, FeedbackKind.WRONG, "", "test")
    give_feedback(database, rows[0].id, FeedbackKind.HELPFUL, "", "test")
    give_feedback(database, rows[1].id, FeedbackKind.OFFENSIVE, "", "test")
    points = get(auditor, "series", by="day", version="recommender").json()["points"]
    assert [(p["period"], p["explanations"], p["fallbacks"]) for p in points] == [
        ("2026-03-02", 7, 6),
        ("2026-03-03", 7, 7),
    ]
    assert points[0]["fallback_share"] == pytest.approx(6 / 7)
    assert points[0]["gate_failures"] == {"digits": 1, "name": 1}
    assert [(p["wrong"], p["offensive"], p["helpful"]) for p in points] == [(1, 0, 1), (0, 1, 0)]
    (week,) = get(auditor, "series", by="week", version="writer").json()["points"]
    assert (week["period"], week["explanations"], week["complaint_share"]) == ("2026-03-02", 14, pytest.approx(2 / 14))
    by_prompt = get(auditor, "series", by="week", version="prompt").json()["points"]
    assert sorted(p["explanations"] for p in by_prompt) == [2, 12]
    assert get(auditor, "series", since="2026-03-03T00:00:00Z").json()["points"][0]["explanations"] == 7
    assert get(auditor, "series", user="nobody ever").json()["points"] == []


def test_the_searches_of_auditors_are_those_of_everybody(client, database, rows):
    give_feedback(database, rows[0].id, FeedbackKind.WRONG, "", "test")
    give_feedback(database, rows[1].id, FeedbackKind.HELPFUL, "", "test")

    def found(**search):
        answer = client.get("/v1/explanations", params={**search, "limit": 100})
        return {one["id"] for one in answer.json()["explanations"]}

    everything = {row.id for row in rows}
    assert found(complained=True) == {rows[0].id}
    assert found(complained=False) == everything - {rows[0].id}
    assert found(locale="zh") == found(audience="auditor") == {row.id for row in rows[-2:]}
    assert found(recommender=rows[0].recommender_version[:12]) == found(writer="template") == everything
    assert found(prompt=rows[-1].prompt_version) == {row.id for row in rows[-2:]}
    assert found(prompt="000000") == set()


def test_moments_without_a_zone_are_utc(auditor, rows):
    assert lines(get(auditor, "export.jsonl", since="2000-01-01T00:00:00", until="2100-01-01T00:00:00"))


def test_nothing_is_written_by_looking(auditor, database, rows):
    def everything():
        with database.session() as session:
            return [row.__dict__ for row in session.scalars(select(ExplanationRow))]

    before = len(everything())
    for address in ADDRESSES:
        get(auditor, address, **({"seed": "s"} if address == "sample" else {}))
    assert len(everything()) == before
    assert get(auditor, "status").json()["sound"] is True
