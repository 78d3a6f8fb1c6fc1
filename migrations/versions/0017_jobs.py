"""what is left to do after an answer, and who is there to do it

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

# What processes of before had in memory: better texts that are still awaited.
_AWAITED = """
INSERT INTO jobs (kind, explanation_id, recommender, state, due_at, taken_by, attempts, error, created_at)
SELECT 'upgrade', u.explanation_id, e.recommender_version, 'waiting', u.created_at, '', 0, '', u.created_at
FROM upgrades u JOIN explanations e ON e.id = u.explanation_id WHERE u.state = 'waiting'
"""


def upgrade() -> None:
    op.create_table('jobs',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('recommender', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_by', sa.String(length=36), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'explanation_id', name=op.f('pk_jobs'))
    )
    op.create_index('ix_jobs_due', 'jobs', ['kind', 'state', 'due_at'], unique=False)
    op.execute(_AWAITED)
    op.create_table('processes',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=300), nullable=False),
    sa.Column('does', sa.String(length=200), nullable=False),
    sa.Column('release', sa.String(length=40), nullable=False),
    sa.Column('recommender', sa.String(length=64), nullable=False),
    sa.Column('writer', sa.String(length=64), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_processes'))
    )


def downgrade() -> None:
    op.drop_table('processes')
    op.drop_index('ix_jobs_due', table_name='jobs')
    op.drop_table('jobs')
