"""What OpenVINO writes beside what it is asked for: never fewer sequences than threads, and of use where possible.

With fewer sequences than threads OpenVINO computes attention another way, and a rounding further on the draft is
another one. So others always run along, also when all drafts but one are done: what may be asked for next, as far as
somebody has said so, and else idle words. What has begun goes on where it was when it is asked for: a second try that
was written beside the first one is there when that fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from explainer.writing.engines.base import Sampling
from explainer.writing.engines.openvino_library import genai
from explainer.writing.prompts import Prompt

if TYPE_CHECKING:
    from openvino_genai.py_openvino_genai import GenerationHandle

Key = tuple[str, Sampling]


def is_running(handle: GenerationHandle) -> bool:
    """Return whether a sequence is not at its end."""
    running: bool = handle.get_status() == genai().GenerationStatus.RUNNING
    return running


class Company:
    """See the module; all but :meth:`foresee` is for one thread at a time.

    Args:
        places: How many run along.
        begin: Begins a prompt.
        idle: Begins words that nobody will read.
    """

    def __init__(
        self,
        places: int,
        begin: Callable[[Prompt, Sampling], GenerationHandle],
        idle: Callable[[Sampling], GenerationHandle],
    ) -> None:
        self._places, self._begin, self._idle = places, begin, idle
        self._noting = threading.Lock()
        self._foreseen: dict[Key, Prompt] = {}
        self._begun: dict[Key, GenerationHandle] = {}
        self._idling: list[GenerationHandle] = []

    def foresee(self, prompts: Sequence[Prompt], sampling: Sampling) -> None:
        """Note what may be asked for next; the latest of it, no more than can run along."""
        told = {(prompt.hash, sampling): prompt for prompt in prompts}
        with self._noting:
            latest = list((self._foreseen | told).items())
            self._foreseen = dict(latest[max(0, len(latest) - self._places) :])

    def claim(self, prompt: Prompt, sampling: Sampling) -> GenerationHandle | None:
        """Return the sequence of a prompt that is asked for now, if it has begun; it is company no more."""
        with self._noting:
            self._foreseen.pop((prompt.hash, sampling), None)
        return self._begun.pop((prompt.hash, sampling), None)

    def make_up(self, sampling: Sampling) -> None:
        """Have as many run along as must."""
        with self._noting:
            foreseen = dict(self._foreseen)
        for key in self._begun.keys() - foreseen.keys():
            self._begun.pop(key).cancel()
        self._idling = [one for one in self._idling if is_running(one)]
        missing = self._places - len(self._idling) - sum(map(is_running, self._begun.values()))
        fresh = [(key, prompt) for key, prompt in foreseen.items() if key not in self._begun]
        for key, prompt in fresh[: max(0, missing)]:
            self._begun[key] = self._begin(prompt, key[1])
            missing -= 1
        self._idling += [self._idle(sampling) for _ in range(missing)]

    def rest(self) -> bool:
        """End the idle words; return whether something stays that has begun, and goes on with the next write."""
        for handle in self._idling:
            handle.cancel()
        self._idling = []
        return any(map(is_running, self._begun.values()))

    def dismiss(self) -> None:
        """End all of it."""
        with self._noting:
            self._foreseen = {}
        for handle in self._begun.values():
            handle.cancel()
        self._begun = {}
        self.rest()
