"""the audit log is a Merkle tree and append-only

Revision ID: 0011
Revises: 0010
"""

import hashlib
from datetime import UTC, datetime

import rfc8785
import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

_TABLES = ('audit_entries', 'audit_nodes')
_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""


def upgrade() -> None:
    op.create_table('audit_nodes',
    sa.Column('level', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('place', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('level', 'place', name=op.f('pk_audit_nodes'))
    )
    op.create_table('audit_salts',
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_salts'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.add_column(sa.Column('leaf', sa.String(length=64), server_default='', nullable=False))

    _hash_what_is_there(op.get_bind())
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.alter_column('leaf', server_default=None)
    _refuse_changes(op.get_bind().dialect.name)


def downgrade() -> None:
    _allow_changes(op.get_bind().dialect.name)
    op.drop_table('audit_salts')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_column('leaf')
    op.drop_table('audit_nodes')


def _hash_what_is_there(connection: sa.Connection) -> None:
    """Number old entries without gaps, as new ones are, and grow the tree over them."""
    entries = sa.table('audit_entries', *map(sa.column, ('seq', 'event', 'record_id', 'digest', 'leaf')),
                       sa.column('at', sa.DateTime(timezone=True)))
    nodes = sa.table('audit_nodes', *map(sa.column, ('level', 'place', 'hash')))
    peaks: list[bytes] = []
    for seq, row in enumerate(connection.execute(sa.select(entries).order_by(entries.c.seq)).all(), start=1):
        leaf = hashlib.sha256(b'\x00' + _canonical(seq, row)).digest()
        mine = entries.c.seq == row.seq
        connection.execute(sa.update(entries).where(mine).values(seq=seq, leaf=leaf.hex()))
        level, place, digest = 0, seq - 1, leaf
        while place & 1:
            level, place, digest = level + 1, place >> 1, hashlib.sha256(b'\x01' + peaks.pop() + digest).digest()
            connection.execute(sa.insert(nodes).values(level=level, place=place, hash=digest.hex()))
        peaks.append(digest)


def _canonical(seq: int, row: sa.Row) -> bytes:
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    moment = at.astimezone(UTC).isoformat(timespec='microseconds')
    return rfc8785.dumps(
        {'at': moment, 'digest': row.digest, 'event': row.event, 'record': row.record_id, 'seq': seq}
    )


def _refuse_changes(dialect: str) -> None:
    if dialect == 'postgresql':
        op.execute(_FUNCTION)
        for table in _TABLES:
            op.execute(
                f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} '
                'FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()'
            )
            op.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC')
        return
    for table in _TABLES:
        for change in ('UPDATE', 'DELETE'):
            op.execute(
                f'CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} '
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )


def _allow_changes(dialect: str) -> None:
    for table in _TABLES:
        if dialect == 'postgresql':
            op.execute(f'DROP TRIGGER {table}_append_only ON {table}')
        else:
            for change in ('update', 'delete'):
                op.execute(f'DROP TRIGGER {table}_no_{change}')
    if dialect == 'postgresql':
        op.execute('DROP FUNCTION audit_is_append_only()')
