"""Whole bodies of batches: those that cannot be read, and what the document says of them."""

from __future__ import annotations

import pytest

from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from tests.databases import number_of
from tests.integration.batches.acting import problem, put, statuses


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
    def test_a_body_that_cannot_be_read_is_a_problem(
        self, kept_client, kept_database, method, path, field, body, words
    ):
        before = [number_of(kept_database, table) for table in (ItemRow, BehaviourRow)]
        content = body.replace(b"FIELD", field.encode())
        headers = {"Content-Type": "application/json"}
        assert words in problem(kept_client.request(method, f"/v1/{path}", content=content, headers=headers), 400)
        assert [number_of(kept_database, table) for table in (ItemRow, BehaviourRow)] == before

    def test_other_handlers_refuse_bytes_that_are_no_text_too(self, client):
        answer = client.post("/v1/explanations", content=b'{"user": "\xff", "k": 1}')
        assert "not UTF-8" in problem(answer, 400)

    def test_a_thousand_rows_are_taken(self, client):
        answer = put(client, *({"id": f"n{n}", "title": f"Film Number {n}", "text": "x" * 500} for n in range(1000)))
        assert set(statuses(answer)) == {"created"}


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
