"""in which order behaviours mattered, whether they were the cause, what would have kept the item out

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('importance', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('verdict', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('counterfactual', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.drop_column('counterfactual')
        batch_op.drop_column('verdict')
        batch_op.drop_column('importance')
