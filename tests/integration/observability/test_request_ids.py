"""Every request has an id, its own where that is a good one."""

from __future__ import annotations

import pytest


@pytest.fixture
def client(kept_client):
    return kept_client


@pytest.mark.parametrize("given", ["a", "trace-7.of_Shop", "x" * 64])
def test_a_good_request_id_is_kept(client, given):
    answer = client.get("/v1/explanations/unknown", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert answer.json()["request_id"] == given
    assert client.get("/health/live", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"x" * 65, b"two words", b"a;b", b"<script>", b"\xe2\x98\x83", b"a\tb", None])
def test_any_other_is_replaced_by_a_new_one_for_every_request(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    answers = [client.get("/v1/explanations/unknown", headers=headers) for _ in range(2)]
    ids = [answer.json()["request_id"] for answer in answers]
    assert ids == [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 2
    assert all(len(one) == 32 and one.isalnum() for one in ids)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/explanations/x", 405), ("POST", "/v1/explanations", 400)],
)
def test_every_problem_has_an_id(client, method, path, status):
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
