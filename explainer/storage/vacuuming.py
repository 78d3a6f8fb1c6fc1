"""Which tables of PostgreSQL a role may vacuum: what it may not is passed over with a notice that nobody reads."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import Connection, text

_log = logging.getLogger(__name__)
_MAINTAIN_SINCE = 170_000
# The owner of a table and that of the database may, and since version 17 whoever was granted it.
_MAY_NOT = """
SELECT relname FROM pg_class JOIN pg_database ON datname = current_database()
WHERE pg_class.oid = ANY(CAST(:tables AS regclass[]))
AND NOT pg_has_role(relowner, 'USAGE') AND NOT pg_has_role(datdba, 'USAGE') {granted} ORDER BY relname
"""
_GRANTED = "AND NOT has_table_privilege(pg_class.oid, 'MAINTAIN')"


def warn_of_refused(connection: Connection, tables: Collection[str]) -> None:
    """Warn of tables that the role may not vacuum; before PostgreSQL 17 that could not be granted at all."""
    if not tables:
        return
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    query = text(_MAY_NOT.format(granted=_GRANTED if version >= _MAINTAIN_SINCE else ""))
    refused = connection.scalars(query, {"tables": [f'"{table}"' for table in sorted(tables)]}).all()
    if refused:
        _log.warning(
            "What was erased is not overwritten: the role of this service may not vacuum %s. Run VACUUM (ANALYZE) on "
            "them as their owner, each night perhaps, or on PostgreSQL 17 and newer: explainer migrate --grant-to ROLE",
            ", ".join(refused),
        )
