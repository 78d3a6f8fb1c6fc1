"""numbers that grow with every explanation have room for more than two thousand million on PostgreSQL

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

_COLUMNS = (
    ('audit_entries', 'seq'),
    ('audit_salts', 'seq'),
    ('audit_subjects', 'seq'),
    ('audit_nodes', 'place'),
    ('evidence', 'id'),
)


def upgrade() -> None:
    _have('bigint', 'integer')


def downgrade() -> None:
    _have('integer', 'bigint')


def _have(kind: str, before: str) -> None:
    connection = op.get_bind()
    if connection.dialect.name != 'postgresql':
        return  # SQLite's integers have room already
    for table, column in _COLUMNS:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}')
    op.execute(f'ALTER SEQUENCE evidence_id_seq AS {kind}')
    # The function that numbers entries counts in them, too (migration 0015); whoever may call it still may.
    written = connection.execute(sa.text("SELECT pg_get_functiondef('audit_append(json)'::regprocedure)")).scalar_one()
    for counter in ('size', 'my_place'):
        if f'{counter} {before};' not in written:
            raise RuntimeError('The function audit_append was altered by hand; see migration 0015 for how it was.')
        written = written.replace(f'{counter} {before};', f'{counter} {kind};')
    connection.exec_driver_sql(written)
