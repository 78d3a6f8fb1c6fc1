"""What may change of an explanation after it was stored: later texts, its counterfactual, being suppressed or gone.

What of it is private, and so what is shown of it, changes with judgements of the catalogue; these are counted.

"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from explainer.storage.catalogue_tables import DatasetRow
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow
from explainer.storage.lookups import VALUES, Lookup
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, UpgradeRow

_ID = ExplanationRow.id
_REVISIONS = select(func.count()).where(RevisionRow.explanation_id == _ID).scalar_subquery()
_FOUND = select(func.count()).where(CounterfactualRow.explanation_id == _ID).scalar_subquery()
_UPGRADE = select(UpgradeRow.state).where(UpgradeRow.explanation_id == _ID).scalar_subquery()
_SUPPRESSED = select(func.count()).where(SuppressionRow.explanation_id == _ID).scalar_subquery()
_JUDGED = select(func.max(DatasetRow.judgements)).scalar_subquery()
_WHAT = (_REVISIONS, _UPGRADE, _SUPPRESSED, _FOUND, _JUDGED)
_LOOKUP = Lookup(select(_ID, *_WHAT).where(_ID.in_(VALUES)))


def versions_of(connection: Connection, explanation_ids: Collection[str]) -> Mapping[str, Hashable]:
    """Return a value for each explanation that there is, equal only as long as nothing about it has changed."""
    return _LOOKUP.find(connection, explanation_ids)
