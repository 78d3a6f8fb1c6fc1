"""of what age records were that had their time, and the seal that says so

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op


revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('retentions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('before', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('seal', sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('retentions', schema=None) as batch_op:
        batch_op.drop_column('seal')
        batch_op.drop_column('before')
        batch_op.drop_column('kind')
