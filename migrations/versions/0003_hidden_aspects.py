"""aspects that a user has hidden

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hidden_aspects',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.Column('aspect', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hidden_aspects')),
    sa.UniqueConstraint('user_id', 'aspect', name=op.f('uq_hidden_aspects_user_id'))
    )


def downgrade() -> None:
    op.drop_table('hidden_aspects')
