"""Tokens for the component on a shop's page: each opens one explanation for a while, and nothing else.

``base64url({"explanation", "iat", "exp"}) + "." + base64url(HMAC-SHA256)``. The signature is over the first part as it
is written, and is compared as it is written: base64 has more than one spelling of the same bytes. There is one
algorithm and no header that could name another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from explainer.errors import AccessError, EmbedTokenError

LEEWAY = timedelta(seconds=60)
"""How far the clocks of two machines may be apart."""
LONGEST = timedelta(days=1)
_MOST_CHARACTERS = 1024


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token says: for which explanation, and from when to when, in Unix seconds."""

    explanation: str
    iat: int
    exp: int


@dataclass(frozen=True, slots=True)
class EmbedToken:
    """A token, and until when it works."""

    token: str
    expires_at: datetime


def make_token(secret: bytes, explanation: str, lifetime: timedelta, at: datetime) -> EmbedToken:
    """Return a token for one explanation.

    Args:
        secret: What all processes share.
        explanation: Id of the explanation.
        lifetime: How long it works, up to :data:`LONGEST`.
        at: The present.

    Raises:
        AccessError: If the lifetime is none, or too long.
    """
    if not timedelta(0) < lifetime <= LONGEST:
        raise AccessError(f"A token lives up to {LONGEST // timedelta(minutes=1)} minutes, and longer than none.")
    begins = int(at.timestamp())
    ends = begins + int(lifetime.total_seconds())
    said = _encoded(msgspec.json.encode(_Payload(explanation, begins, ends)))
    return EmbedToken(f"{said}.{_signature(secret, said)}", datetime.fromtimestamp(ends, UTC))


def check_token(secrets: Sequence[bytes], token: str, explanation: str, at: datetime) -> None:
    """Let a token pass that opens the explanation now.

    Args:
        secrets: The secrets that count, of which one made it.
        token: As it was given.
        explanation: Id of the explanation that is asked for.
        at: The present.

    Raises:
        EmbedTokenError: If it was not made with one of the secrets, was altered, is for another explanation, is over,
            or comes from the future.
    """
    said, _, signature = token.partition(".")
    if len(token) > _MOST_CHARACTERS or not _is_signed(secrets, said, signature):
        raise EmbedTokenError("This token is not one of ours; reload the page to get a new one.")
    payload = _payload(said)
    if not hmac.compare_digest(_bytes(payload.explanation), _bytes(explanation)):
        raise EmbedTokenError("This token is for another explanation.")
    moment, leeway = at.timestamp(), LEEWAY.total_seconds()
    if payload.iat > moment + leeway:
        raise EmbedTokenError(
            f"This token was made {payload.iat - moment:.0f} seconds in the future: check the clocks of the machines."
        )
    if payload.exp + leeway <= moment:
        raise EmbedTokenError("This token has expired; reload the page to get a new one.")


def _is_signed(secrets: Sequence[bytes], said: str, signature: str) -> bool:
    # Every secret is tried, whichever fits: how long it takes tells nothing.
    fits = [hmac.compare_digest(_bytes(_signature(secret, said)), _bytes(signature)) for secret in secrets]
    return any(fits)


def _payload(said: str) -> _Payload:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)), type=_Payload)
    except (binascii.Error, ValueError) as error:  # whoever has the secret has signed something else
        raise EmbedTokenError("This token says nothing that we know.") from error


def _signature(secret: bytes, said: str) -> str:
    return _encoded(hmac.digest(secret, _bytes(said), hashlib.sha256))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
