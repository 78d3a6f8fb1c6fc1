"""Every server of a pool tried by itself: what it serves, and how it writes one prompt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

import msgspec

from explainer.errors import EngineUnavailable
from explainer.writing.engines.base import Sampling
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from explainer.writing.engines.retry import Retry
from explainer.writing.prompts import Prompt


class Checkup(msgspec.Struct, frozen=True):
    """What was found of one server.

    Attributes:
        url: Its base URL.
        trouble: Why it cannot be used; empty if it can.
        models_s: Seconds in which it listed its models; None if it did not.
        base: Where it says it loaded the base model from,
        adapter: and the adapter; empty if it does not say.
        write_s: Seconds in which it wrote the prompt; None if it did not.
        text: What it wrote.
    """

    url: str
    trouble: str
    models_s: float | None
    base: str
    adapter: str
    write_s: float | None = None
    text: str = ""


def checkups(remotes: Sequence[Remote], prompt: Prompt, deadline_s: float) -> list[Checkup]:
    """Return what is found of every server, in order; none of them is asked twice.

    Args:
        remotes: The servers.
        prompt: What each writes, at its likeliest words.
        deadline_s: Seconds that each may take.

    Raises:
        SettingsError: If the environment names a proxy or certificates that can't be used.
    """
    with closing(OpenAIEngine(*remotes)) as together:
        states = together.endpoints
    return [_checkup(remote, state, prompt, deadline_s) for remote, state in zip(remotes, states, strict=True)]


def _checkup(remote: Remote, state: EndpointState, prompt: Prompt, deadline_s: float) -> Checkup:
    found = Checkup(state.url, state.trouble, state.latency_s, state.base, state.adapter)
    with closing(OpenAIEngine(remote, retry=Retry(tries=1), deadline_s=deadline_s)) as alone:
        start = time.perf_counter()
        try:
            (draft,) = alone.write([prompt], Sampling())
        except EngineUnavailable as error:
            return msgspec.structs.replace(found, trouble=state.trouble or str(error))
    return msgspec.structs.replace(found, write_s=time.perf_counter() - start, text=draft.text)
