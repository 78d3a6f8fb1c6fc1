"""What OpenVINO writes beside what it is asked for: never fewer sequences than threads, and of use where possible.

With fewer sequences than threads OpenVINO computes attention another way, and a rounding further on the draft is
another one. So others always run along, also when all drafts but one are done: what may be asked for next, as far as
somebody has said so, and else idle words. What has begun goes on where it was when it is asked for: a second try that
was written beside the first one is there when that fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from explainer.writing.engines.base import Sampling
from explainer.writing.engines.openvino_library import genai
from explainer.writing.prompts import Prompt

if TYPE_CHECKING:
    from openvino_genai.py_openvino_genai import GenerationHandle

Key = tuple[str, Sampling]
_NOTED = 64


def is_running(handle: GenerationHandle) -> bool:
    """Return whether a sequence is not at its end."""
    running: bool = handle.get_status() == genai().GenerationStatus.RUNNING
    return running


def is_whole(handle: GenerationHandle) -> bool:
    """Return whether a sequence has come to its end by itself."""
    whole: bool = handle.get_status() == genai().GenerationStatus.FINISHED
    return whole


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
        self._next: dict[str, tuple[Prompt, Sampling]] = {}
        self._begun: dict[Key, GenerationHandle] = {}
        self._idling: list[GenerationHandle] = []

    def foresee(self, prompt: Prompt, following: Prompt, sampling: Sampling) -> None:
        """Note what may be asked for after a prompt; of the latest few alone."""
        with self._noting:
            self._next[prompt.hash] = following, sampling
            while len(self._next) > _NOTED:
                del self._next[next(iter(self._next))]

    def claim(self, prompt: Prompt, sampling: Sampling) -> GenerationHandle | None:
        """Return the sequence of a prompt that is asked for now, if it has begun; it is company no more."""
        handle = self._begun.pop((prompt.hash, sampling), None)
        return handle if handle is not None and (is_running(handle) or is_whole(handle)) else None

    def make_up(self, sampling: Sampling, alone: Prompt | None) -> None:
        """Have as many run along as must.

        Args:
            sampling: Of what is asked for.
            alone: The one prompt that is asked for: what may follow it begins now. None where there are several: then
                each that ends makes room for another, and there is enough to do.
        """
        if alone is not None and self._places:
            self._begin_after(alone)
        self._idling = [one for one in self._idling if is_running(one)]
        running = len(self._idling) + sum(map(is_running, self._begun.values()))
        self._idling += [self._idle(sampling) for _ in range(self._places - running)]

    def _begin_after(self, prompt: Prompt) -> None:
        with self._noting:
            following = self._next.pop(prompt.hash, None)
        if following is None or (key := (following[0].hash, following[1])) in self._begun:
            return
        while len(self._begun) >= self._places:
            self._begun.pop(next(iter(self._begun))).cancel()
        self._begun[key] = self._begin(*following)

    def rest(self) -> bool:
        """End the idle words; return whether something stays that has begun, and goes on with the next write."""
        for handle in self._idling:
            handle.cancel()
        self._idling = []
        return any(map(is_running, self._begun.values()))

    def dismiss(self) -> None:
        """End all of it."""
        for handle in self._begun.values():
            handle.cancel()
        self._begun = {}
        self.rest()
