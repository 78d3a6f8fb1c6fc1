"""Alembic's entry: offline SQL or online upgrade of the tables in explainer.storage."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from explainer.storage.schema import know_all_tables

config = context.config
url = config.get_main_option("sqlalchemy.url")
tables = know_all_tables()

if context.is_offline_mode():
    context.configure(url=url, target_metadata=tables, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url or "")
    with engine.begin() as connection:
        # One transaction, all or nothing. SQLite's driver begins none before it changes the schema: each change would
        # be one of its own, and waited for until it is on the disk.
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        # SQLite cannot alter most things in place; batch mode copies the table instead.
        context.configure(connection=connection, target_metadata=tables, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
