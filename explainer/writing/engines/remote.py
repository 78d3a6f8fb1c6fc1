"""One OpenAI-compatible server: where it is, one request to it, and what counts as an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

import httpx2
import msgspec
from pydantic import SecretStr

from explainer.errors import EngineUnavailable, SettingsError

# An answer of 96 tokens with everything servers put around it is a few kilobytes.
MAX_BODY_BYTES = 256 * 1024
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_LOOKS = 2
_IDLE_S = 3.0
_Answer = TypeVar("_Answer")


class WorthRetryingError(EngineUnavailable):
    """It failed in a way that may pass.

    Attributes:
        retry_after: The ``Retry-After`` header, if there was one.
    """

    def __init__(self, message: str, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the server is and how it is asked.

    Attributes:
        url: Base URL as OpenAI clients take it, ``http://127.0.0.1:8001/v1``; ``/v1`` is added where there is no path.
        model: Name of the model, or of the adapter where the server has adapters.
        key: Sent as bearer token.
        timeout_s: Seconds to wait for a connection, and for each next piece of an answer.
        concurrency: Requests for texts under way at once.

    Raises:
        SettingsError: If one of them can't be used.
    """

    url: str
    model: str
    key: SecretStr | None = None
    timeout_s: float = 10.0
    concurrency: int = 8

    def __post_init__(self) -> None:
        if not self.model:
            raise SettingsError("EXPLAINER_OPENAI_MODEL is not set: the name of the model, or of the adapter, to ask.")
        try:
            url = httpx2.URL(self.url)
        except httpx2.InvalidURL as error:
            raise SettingsError("EXPLAINER_OPENAI_URL is no URL; an example: http://127.0.0.1:8001/v1") from error
        if url.scheme not in {"http", "https"} or not url.host:
            raise SettingsError("EXPLAINER_OPENAI_URL must be set to something like http://127.0.0.1:8001/v1")
        if url.userinfo or url.query or url.fragment:
            raise SettingsError(
                "EXPLAINER_OPENAI_URL may hold no password, query or fragment: it is logged; "
                "a key belongs into EXPLAINER_OPENAI_KEY."
            )
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key.get_secret_value()):
            raise SettingsError("EXPLAINER_OPENAI_KEY may hold printable ASCII without spaces only.")
        path = url.path.rstrip("/") or "/v1"
        object.__setattr__(self, "url", str(url.copy_with(path=path)))

    def client(self) -> httpx2.AsyncClient:
        """Return a client, to be used as a context manager.

        Raises:
            SettingsError: If the environment names a proxy or certificates that can't be used.
        """
        # Uncompressed, so that the limit on the body holds for what it would unpack to as well.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key.get_secret_value()}"
        # Looks at the server must not wait for texts. Servers end idle connections after five seconds: sooner is safe.
        limits = httpx2.Limits(max_connections=self.concurrency + _LOOKS, keepalive_expiry=_IDLE_S)
        try:
            return httpx2.AsyncClient(headers=headers, timeout=self.timeout_s, limits=limits)
        except (ValueError, OSError, ImportError, httpx2.InvalidURL) as error:
            raise SettingsError(
                f"The proxy or certificate settings of this environment can't be used ({type(error).__name__}); "
                "look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE."
            ) from error

    async def ask(
        self, client: httpx2.AsyncClient, path: str, kind: type[_Answer], body: dict[str, object] | None = None
    ) -> _Answer:
        """Return the answer of one GET, or POST where there is a body.

        Raises:
            WorthRetryingError: If there was no connection or it broke, or the status is 429 or 5xx.
            EngineUnavailable: If it took too long, or the answer is of no use.
        """
        method = "GET" if body is None else "POST"
        try:
            async with client.stream(method, f"{self.url}{path}", json=body) as response:
                _check_status(response)
                return _decode(await _bounded(response), kind)
        except httpx2.TimeoutException as error:
            # Not again: whoever is too slow for one request is not helped by a second.
            raise EngineUnavailable(f"no answer within {self.timeout_s:g} s ({type(error).__name__})") from error
        except httpx2.LocalProtocolError as error:
            raise EngineUnavailable("the request could not be sent") from error
        except httpx2.TransportError as error:
            raise WorthRetryingError(f"no connection, or it broke ({type(error).__name__})") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise EngineUnavailable(f"the exchange failed ({type(error).__name__})") from error


def _check_status(response: httpx2.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    # The body may repeat what was sent, or anything else: it is not quoted.
    message = f"the server answered with status {status}"
    if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        raise WorthRetryingError(message, response.headers.get("Retry-After"))
    raise EngineUnavailable(message)


async def _bounded(response: httpx2.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise EngineUnavailable("the answer is compressed, which was not asked for")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise EngineUnavailable(f"the answer is longer than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _decode(body: bytes, kind: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineUnavailable(f"the answer is not what was asked for: {error}") from error
