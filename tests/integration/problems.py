"""Answers that say what went wrong (RFC 9457), and nothing of how we are built."""

from __future__ import annotations


def problem_of(answer, status):
    """Check that an answer is a problem of this status; return what it says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in answer.text
    return body["detail"]
