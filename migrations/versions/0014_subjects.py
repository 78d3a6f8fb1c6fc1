"""whom entries are about, what was removed, what a service started with; the log names nobody

Revision ID: 0014
Revises: 0013
"""

import uuid

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_OF_EXPLANATIONS = 'SELECT x.user_id, e.seq FROM audit_entries e JOIN {table} r ON r.{key} = e.record_id JOIN explanations x ON x.id = r.{owner}'
_OWN = 'SELECT r.{subject}, e.seq FROM audit_entries e JOIN {table} r ON r.id = e.record_id'
# Of an entry from before, whose record is still there.
_KNOWN = (
    _OWN.format(table='explanations', subject='user_id'),
    _OF_EXPLANATIONS.format(table='feedback', key='id', owner='explanation_id'),
    _OF_EXPLANATIONS.format(table='reviews', key='id', owner='explanation_id'),
    *(_OWN.format(table=table, subject='user_id') for table in ('hidden_aspects', 'exclusions', 'user_settings')),
    _OWN.format(table='views', subject='subject') + " WHERE r.subject <> '*'",
)


def upgrade() -> None:
    op.create_table('audit_subjects',
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('subject', 'seq', name=op.f('pk_audit_subjects')),
    sqlite_with_rowid=False
    )
    for query in _KNOWN:
        op.execute(f'INSERT INTO audit_subjects (subject, seq) {query}')
    op.create_table('retentions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('entries', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retentions'))
    )
    with op.batch_alter_table('retentions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_retentions_at'), ['at'], unique=False)
    op.create_table('starts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('release', sa.String(length=40), nullable=False),
    sa.Column('recommender', sa.String(length=64), nullable=False),
    sa.Column('writer', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_starts'))
    )
    with op.batch_alter_table('starts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_starts_at'), ['at'], unique=False)
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('erased_by', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('entries', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('training', sa.JSON(), server_default='[]', nullable=False))
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        for column in ('erased_by', 'entries', 'training'):
            batch_op.alter_column(column, server_default=None)
    _name_people()


def downgrade() -> None:
    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.drop_constraint('uq_people_id', type_='unique')
        batch_op.drop_column('id')
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        for column in ('training', 'entries', 'erased_by'):
            batch_op.drop_column(column)
    op.drop_table('starts')
    op.drop_table('retentions')
    op.drop_table('audit_subjects')


def _name_people() -> None:
    """Give everybody a random id."""
    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.add_column(sa.Column('id', sa.String(length=36), nullable=True))
    people = sa.table('people', sa.column('name'), sa.column('id'))
    connection = op.get_bind()
    for name in connection.execute(sa.select(people.c.name)).scalars().all():
        connection.execute(sa.update(people).where(people.c.name == name).values(id=str(uuid.uuid4())))
    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.alter_column('id', existing_type=sa.String(length=36), nullable=False)
        batch_op.create_unique_constraint('uq_people_id', ['id'])
