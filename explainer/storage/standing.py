"""What may change of an explanation after it was stored: later texts, its counterfactual, being suppressed or gone.

What of it is private, and so what is shown of it, changes with judgements of the catalogue; these are counted.

"""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.engine import Connection

from explainer.errors import NotFoundError
from explainer.storage.lookups import Lookup
from explainer.storage.service_tables import RevisionRow, SuppressionRow, UpgradeRow
from explainer.storage.tables import CounterfactualRow, DatasetRow, ExplanationRow

_ID: BindParameter[str] = bindparam("id")
_REVISIONS = select(func.count()).where(RevisionRow.explanation_id == _ID).scalar_subquery()
_FOUND = select(func.count()).where(CounterfactualRow.explanation_id == _ID).scalar_subquery()
_UPGRADE = select(UpgradeRow.state).where(UpgradeRow.explanation_id == _ID).scalar_subquery()
_SUPPRESSED = select(func.count()).where(SuppressionRow.explanation_id == _ID).scalar_subquery()
_JUDGED = select(func.max(DatasetRow.judgements)).scalar_subquery()
_WHAT = (_REVISIONS, _UPGRADE, _SUPPRESSED, _FOUND, _JUDGED)
_LOOKUP = Lookup(select(ExplanationRow.id, *_WHAT).where(ExplanationRow.id == _ID), parameter="id")


def version_of(connection: Connection, explanation_id: str) -> Hashable:
    """Return a value that is equal only as long as nothing about the explanation has changed; one statement.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    row = _LOOKUP.find(connection, explanation_id)
    if row is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r}.")
    return row
