"""All tables together. A new module of tables is added here, or the rest of the service does not know it."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import configure_mappers

# Imported for their tables: these refer to each other by name, so one that is missing is missed only by a write.
from explainer.storage import (  # noqa: F401
    access_tables,
    audit_tables,
    bulk_tables,
    catalogue_tables,
    choice_tables,
    explanation_tables,
    job_tables,
    reading_tables,
    removal_tables,
    service_tables,
    version_tables,
)
from explainer.storage.base import Base


def know_all_tables() -> MetaData:
    """Return the metadata with every table, once what refers to another has found it."""
    configure_mappers()
    return Base.metadata
