"""Tokens for a shop's page: what opens an explanation, and everything that does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.access.embed_tokens import LEEWAY, LONGEST, check_token, make_token
from explainer.errors import AccessError, EmbedTokenError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECRET, OTHER = b"one secret", b"another secret"
ONE = "3f6c1c0e-0000-4000-8000-000000000001"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed(payload: bytes, secret: bytes = SECRET, how=hashlib.sha256) -> str:
    said = encoded(payload)
    return f"{said}.{encoded(hmac.digest(secret, said.encode(), how))}"


def refused(token: str, explanation: str = ONE, at: datetime = NOW, secrets=(SECRET,)) -> str:
    with pytest.raises(EmbedTokenError) as caught:
        check_token(secrets, token, explanation, at)
    return str(caught.value)


@given(explanation=st.text(max_size=200), minutes=st.integers(1, 1440), part=st.floats(0, 1))
def test_a_token_opens_its_explanation_for_as_long_as_it_lives(explanation, minutes, part):
    made = make_token(SECRET, explanation, timedelta(minutes=minutes), NOW)
    assert made.expires_at == NOW + timedelta(minutes=minutes)
    check_token([OTHER, SECRET], made.token, explanation, NOW + part * timedelta(minutes=minutes))


@given(data=st.data())
def test_any_altered_character_closes_it(data):
    token = make_token(SECRET, ONE, HOUR, NOW).token
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda c: c != token[place]))
    refused(token[:place] + other + token[place + 1 :])


@given(data=st.data())
def test_any_missing_or_added_character_closes_it(data):
    token = make_token(SECRET, ONE, HOUR, NOW).token
    place = data.draw(st.integers(0, len(token) - 1))
    added = data.draw(st.text(min_size=1, max_size=3))
    refused(token[:place] + token[place + 1 :])
    refused(token[:place] + added + token[place:])
    refused(token + added)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_nothing_that_we_did_not_make_opens_anything(text):
    refused(text)


def test_another_spelling_of_the_same_signature_is_not_the_same_token():
    token = make_token(SECRET, ONE, HOUR, NOW).token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    spelled = [base64.urlsafe_b64decode(one.partition(".")[2] + "=") for one in (token, twin)]
    assert spelled[0] == spelled[1], "base64 says that they are the same"
    refused(twin)


@pytest.mark.parametrize("secrets", [(), (OTHER,), (b"",)])
def test_a_token_of_another_secret_opens_nothing(secrets):
    assert "not one of ours" in refused(make_token(SECRET, ONE, HOUR, NOW).token, secrets=secrets)


def test_a_token_for_another_explanation_opens_nothing():
    assert "another explanation" in refused(make_token(SECRET, ONE, HOUR, NOW).token, explanation="other")


def test_a_token_can_name_no_other_algorithm():
    body = {"explanation": ONE, "iat": int(NOW.timestamp()), "exp": int((NOW + HOUR).timestamp())}
    payload, head = json.dumps(body).encode(), encoded(json.dumps({"alg": "none"}).encode())
    whole = signed(payload)
    check_token([SECRET], whole, ONE, NOW)
    said, _, signature = whole.partition(".")
    for forged in (
        said,
        f"{said}.",
        f"{head}.{said}.",
        f"{head}.{whole}",
        f"{whole}.{signature}",
        signed(payload, how=hashlib.sha512),
        signed(payload, how=hashlib.sha1),
        f"{said}.{encoded(hashlib.sha256(said.encode()).digest())}",
        f"{said}.{hmac.new(SECRET, said.encode(), hashlib.sha256).hexdigest()}",
        signed(json.dumps(body | {"alg": "none"}).encode()),
    ):
        refused(forged)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"explanation": 1, "iat": 0, "exp": 1}',
        b'{"explanation": "x", "iat": "0"}',
    ],
)
def test_even_with_the_secret_nonsense_is_refused_in_words(payload):
    assert "says nothing that we know" in refused(signed(payload))


def test_a_token_ends_a_minute_after_it_says_so():
    made = make_token(SECRET, ONE, HOUR, NOW)
    check_token([SECRET], made.token, ONE, made.expires_at + LEEWAY - SECOND)
    assert "expired" in refused(made.token, at=made.expires_at + LEEWAY)


def test_clocks_may_be_a_minute_apart_and_no_more():
    made = make_token(SECRET, ONE, HOUR, NOW)
    check_token([SECRET], made.token, ONE, NOW - LEEWAY)
    assert "61 seconds in the future: check the clocks" in refused(made.token, at=NOW - LEEWAY - SECOND)


@pytest.mark.parametrize("lifetime", [timedelta(0), -HOUR, LONGEST + SECOND])
def test_a_lifetime_that_is_none_or_too_long_is_refused(lifetime):
    with pytest.raises(AccessError, match="1440 minutes"):
        make_token(SECRET, ONE, lifetime, NOW)
