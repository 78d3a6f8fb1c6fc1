"""What the model rests on: each assumption with its value, the range around it, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MEASURED, GIVEN, ASSUMED = "measured", "given", "assumed, no measurement"
_HERE = "on 2026-11-28 on two cores (AMD EPYC, avx512_bf16)"
_AHEAD = f"{_HERE}: all 943 people × 10 films of MovieLens 100K; explainer bench scale --only pregenerate"
_STORED = (
    f"{_HERE}, SQLite: 100 people × 10 films of MovieLens 100K with histories of 20 and of 417 behaviours, texts by "
    "templates; PostgreSQL"
)
_WITHIN: Mapping[str, tuple[float, float]] = {MEASURED: (0.7, 1.5), GIVEN: (1.0, 1.0), ASSUMED: (0.3, 3.0)}
"""By how many times what is so known may be less, or more."""
COUNTS = ((934, 417), (2_814, 807), (5_627, 1_135), (9_388, 1_449))
"""Measured on MovieLens 100K: what the model was asked for a tenth, three tenths, six tenths and all of 943 people x 10
films, in an order drawn by chance, and the distinct prompts among it. Of fewer people nearly every prompt is new: that
is another law."""


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the model takes for granted.

    Attributes:
        what: In words, with its unit.
        value: Its figure.
        kind: Measured, given, or assumed.
        source: When and by what it was measured, or why it is assumed.
        within: By how many times it may be less, or more; by default what suits its kind.
    """

    what: str
    value: float
    kind: str
    source: str = ""
    within: tuple[float, float] | None = None

    @property
    def spread(self) -> tuple[float, float]:
        """By how many times it may be less, or more."""
        return self.within or _WITHIN[self.kind]

    def known(self, value: float, kind: str, source: str = "") -> Assumption:
        """Return it with another value, from elsewhere."""
        within = self.within if kind == MEASURED else None
        return Assumption(what=self.what, value=value, kind=kind, source=source, within=within)


TOLD, EXPLAINED, TEXTS_CORE, TEXTS_GPU = "told", "explained-per-core-s", "texts-per-core-s", "texts-per-gpu-s"
BYTES, BYTES_BEHAVIOUR, EVIDENCE, READS = "bytes", "bytes-per-behaviour", "evidence", "reads-per-core-s"
CORE_HOUR, GPU_HOUR, GIGABYTE_MONTH = "core-hour", "gpu-hour", "gigabyte-month"
_PRICE = "a round figure for a rented machine: look at your provider's"

DEFAULTS: Mapping[str, Assumption] = {
    TOLD: Assumption(
        what="Share of explanations that the model is asked about",
        value=0.995,
        kind=MEASURED,
        source=f"{_AHEAD}: 9,388 of 9,430",
        within=(0.8, 1.0),
    ),
    EXPLAINED: Assumption(
        what="Explanations that a core ranks, attributes and stores in a second",
        value=71.0,
        kind=MEASURED,
        source=_AHEAD,
        within=(0.6, 1.6),
    ),
    TEXTS_CORE: Assumption(
        what="Texts that the model writes in a second on one core",
        value=3.35,
        kind=MEASURED,
        source=_AHEAD,
    ),
    TEXTS_GPU: Assumption(
        what="Texts that the model writes in a second on one GPU",
        value=150.0,
        kind=ASSUMED,
        source="no GPU was at hand; behind an OpenAI-compatible server",
    ),
    BYTES: Assumption(
        what="Bytes of an explanation with evidence, log and indices, whatever its history",
        value=4700.0,
        kind=MEASURED,
        source=f"{_STORED} took 4,300",
        within=(0.8, 1.4),
    ),
    BYTES_BEHAVIOUR: Assumption(
        what="Bytes of an explanation for each behaviour in its history",
        value=61.0,
        kind=MEASURED,
        source=f"{_STORED} took 67",
        within=(0.8, 1.4),
    ),
    EVIDENCE: Assumption(
        what="Pieces of evidence of an explanation",
        value=2.07,
        kind=MEASURED,
        source=_AHEAD,
        within=(0.5, 1.5),
    ),
    READS: Assumption(
        what="Stored explanations that a core serves in a second",
        value=2170.0,
        kind=MEASURED,
        source=f"{_HERE}, SQLite, 50 clients on the same cores; explainer bench service",
    ),
    CORE_HOUR: Assumption(what="Price of a core for an hour, any currency", value=0.05, kind=ASSUMED, source=_PRICE),
    GPU_HOUR: Assumption(what="Price of a GPU for an hour", value=2.0, kind=ASSUMED, source=_PRICE),
    GIGABYTE_MONTH: Assumption(what="Price of a gigabyte stored for a month", value=0.10, kind=ASSUMED, source=_PRICE),
}


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """All assumptions.

    Attributes:
        of: By name, which is the option that sets it.
        counts: Explanations that the model was asked about and the distinct prompts among them, growing,
        counted: and when and where these were counted.
    """

    of: Mapping[str, Assumption] = msgspec.field(default_factory=lambda: DEFAULTS)
    counts: tuple[tuple[int, int], ...] = COUNTS
    counted: str = f"{_HERE}, all of MovieLens 100K × 10"

    def __getitem__(self, name: str) -> float:
        """Return a value."""
        return self.of[name].value

    def but(self, known: Mapping[str, tuple[float, str, str]]) -> Rates:
        """Return them with others in place of some: name → (value, kind, source)."""
        changed = {name: self.of[name].known(*how) for name, how in known.items()}
        return msgspec.structs.replace(self, of={**self.of, **changed})
