"""What a run has done, and what it cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from explainer.service.pregenerate.prepared import Stored
from explainer.storage.dead_letters import Failed
from explainer.writing.texts import MODEL, TEMPLATE

_MOST_NAMED = 20
_HOUR_S = 3600.0


class Summary(msgspec.Struct, frozen=True):
    """What a run has done.

    Attributes:
        users: Whose lists were gone through.
        unknown: Users of whom nothing is known, or no longer: nothing is written for them.
        pairs: Users and items that there is an explanation for now.
        stored: How many of these were stored by this run,
        unchanged: and how many were there, and still hold.
        failed: Pairs, or whole lists, that could not be explained; see the dead letters.
        prompts: Distinct prompts behind the texts that the engine was to write,
        dedup_ratio: and how many texts there are to each of them; 0 where there are none.
        by_model: Texts that the model wrote,
        by_template: and the others.
        seconds: How long it took; with the start of helping processes, which load for themselves, and of Ray.
        per_s: Pairs stored in each of these seconds.
        cpu_s_per_1000: Processor seconds that a thousand stored pairs took.
        price_per_1000: What these cost; None without a price.
    """

    users: int
    unknown: int
    pairs: int
    stored: int
    unchanged: int
    failed: int
    prompts: int
    dedup_ratio: float
    by_model: int
    by_template: int
    seconds: float
    per_s: float
    cpu_s_per_1000: float
    price_per_1000: float | None = None


@dataclass(slots=True)
class Counts:
    """Counts what comes out of the stages.

    Attributes:
        failed: The first of what failed.
        users: Whose lists were gone through,
        unknown: and of how many of them nothing is known.
        cpu_s: Processor seconds that this took.
    """

    failed: list[Failed] = field(default_factory=list)
    users: int = 0
    unknown: int = 0
    cpu_s: float = 0.0
    _failures: int = 0
    _unchanged: int = 0
    _texts: int = 0
    _sources: Counter[str] = field(default_factory=Counter)
    # Half of a SHA-256 tells them apart as well, and there may be millions.
    _prompts: set[bytes] = field(default_factory=set)

    def add(self, stored: Stored) -> None:
        """Count a batch."""
        self.users += stored.users
        self.unknown += stored.unknown
        self._unchanged += stored.unchanged
        self._failures += len(stored.failed)
        self.failed += stored.failed[: max(0, _MOST_NAMED - len(self.failed))]
        self._sources.update(stored.sources)
        self._texts += len(stored.prompts)
        self._prompts.update(bytes.fromhex(one)[:16] for one in stored.prompts)
        self.cpu_s += stored.cpu_s

    def summary(self, seconds: float, cpu_s: float = 0.0, price: float | None = None) -> Summary:
        """Return what was counted.

        Args:
            seconds: How long it took.
            cpu_s: Processor seconds that no batch has counted.
            price: Of an hour of one processor, in any currency.
        """
        made = self._sources.total()
        each_s = 1000 * (self.cpu_s + cpu_s) / made if made else 0.0
        return Summary(
            users=self.users,
            unknown=self.unknown,
            pairs=made + self._unchanged,
            stored=made,
            unchanged=self._unchanged,
            failed=self._failures,
            prompts=len(self._prompts),
            dedup_ratio=self._texts / len(self._prompts) if self._prompts else 0.0,
            by_model=self._sources[MODEL],
            by_template=self._sources[TEMPLATE],
            seconds=seconds,
            per_s=made / seconds if seconds else 0.0,
            cpu_s_per_1000=each_s,
            price_per_1000=None if price is None else price * each_s / _HOUR_S,
        )
