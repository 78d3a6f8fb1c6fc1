"""Everything the report says about a dataset, as typed figures; computed once, drawn and worded elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from explainer.datareport.catalogue import CatalogueQuality, catalogue_quality
from explainer.datareport.figures import Counts
from explainer.datareport.timeline import Timeline, timeline_of
from explainer.errors import ExplainerError
from retriever.data import Behaviour, CleaningReport, Dataset, Polarity
from retriever.data.cleaning_report import DropReason, ReportLine
from retriever.data.screening import count_limits

_NO_LIMITS = (float("inf"), float("inf"))


@dataclass(frozen=True)
class TableCounts:
    """Rows of one table (people, for ``users``), read and kept."""

    name: str
    read: int
    kept: int


@dataclass(frozen=True)
class Values:
    """The values that were given.

    Attributes:
        counts: (value, how often), ascending.
        given: Behaviours with a value.
        polarity: Share of these that are positive, neutral, negative.
    """

    counts: tuple[tuple[float, int], ...]
    given: int
    polarity: dict[Polarity, float]


@dataclass(frozen=True)
class Summary:
    """What the report says.

    Attributes:
        source: What the person named on the command line.
        name: Name of the dataset.
        domain: Its domain.
        scale: Lowest and highest possible value.
        tables: Rows read and kept.
        dropped: What was not used, and why.
        flagged: What was kept but is worth a look.
        users: Users with a behaviour.
        behaviours: Behaviours kept.
        density: Share of the (user, item) pairs that ever met.
        per_user: int64 [users], behaviours of each.
        per_item: int64 [catalogue], behaviours of each item, 0 for those never met.
        screened_counts: int64, behaviours per user before bots were dropped.
        limits: (from where a user is watched, from where dropped); infinite when there were too few users.
        kinds: (kind, how often), most frequent first.
        values: The values given.
        time: When it happened.
        catalogue: How good the catalogue is.
    """

    source: str
    name: str
    domain: str
    scale: tuple[float, float]
    tables: tuple[TableCounts, ...]
    dropped: tuple[ReportLine, ...]
    flagged: tuple[ReportLine, ...]
    users: int
    behaviours: int
    density: float
    per_user: Counts
    per_item: Counts
    screened_counts: Counts
    limits: tuple[float, float]
    kinds: tuple[tuple[str, int], ...]
    values: Values
    time: Timeline
    catalogue: CatalogueQuality

    @property
    def items(self) -> int:
        """Return the size of the catalogue."""
        return len(self.per_item)


def summarise(source: str, cleaned: Dataset, screened: Dataset, report: CleaningReport) -> Summary:
    """Return the figures of a dataset.

    Args:
        source: What the person named.
        cleaned: As read, before the screening.
        screened: After it; this is what a recommender would be fitted on.
        report: What cleaning and screening did.

    Raises:
        ExplainerError: If no item or no behaviour is left to report on; the message says where they went.
    """
    rows = screened.behaviours
    if not rows:
        raise ExplainerError(_nothing_left(source, report))
    per_user = Counter(b.user for b in rows)
    per_item = Counter(b.item for b in rows)
    before = Counter(b.user for b in cleaned.behaviours)
    pairs = len({(b.user, b.item) for b in rows})
    return Summary(
        source=source,
        name=screened.name,
        domain=screened.domain,
        scale=(screened.scale.low, screened.scale.high),
        tables=tuple(TableCounts(name, report.read[name], report.kept[name]) for name in report.read),
        dropped=report.dropped_lines(),
        flagged=report.flagged_lines(),
        users=len(per_user),
        behaviours=len(rows),
        density=pairs / (len(per_user) * len(screened.items)),
        per_user=_array(per_user.values()),
        per_item=_array(per_item[item.id] for item in screened.items),
        screened_counts=_array(before.values()),
        limits=count_limits(list(before.values()), report.screening) if report.screening.enabled else _NO_LIMITS,
        kinds=tuple((kind.value, n) for kind, n in Counter(b.kind for b in rows).most_common()),
        values=_values(rows, screened),
        time=timeline_of(screened),
        catalogue=catalogue_quality(screened.items),
    )


def _array(counts: Iterable[int]) -> Counts:
    return np.fromiter(counts, dtype=np.int64)


def _values(rows: Sequence[Behaviour], dataset: Dataset) -> Values:
    valued = [b for b in rows if b.value is not None]
    polarity = Counter(dataset.scale.polarity(b) for b in valued)
    counts = Counter(b.value for b in valued if b.value is not None)
    shares = {p: polarity[p] / len(valued) if valued else 0.0 for p in Polarity}
    return Values(tuple(sorted(counts.items())), len(valued), shares)


def _nothing_left(source: str, report: CleaningReport) -> str:
    lost = "; ".join(f"{line.rows:,} {line.table}: {line.reason}" for line in report.dropped_lines())
    why = f"Not used were {lost}." if lost else "The tables hold no rows."
    if any(line.reason == DropReason.IMPOSSIBLE_TIME for line in report.dropped_lines()):
        why += " Times are Unix seconds: milliseconds lie in the future."
    return f"{source} has no usable behaviours, so there is nothing to report on. {why}"
