"""counterfactuals are records of their own

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counterfactuals',
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('record', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_counterfactuals_explanation_id_explanations')),
    sa.PrimaryKeyConstraint('explanation_id', name=op.f('pk_counterfactuals'))
    )


def downgrade() -> None:
    op.drop_table('counterfactuals')
