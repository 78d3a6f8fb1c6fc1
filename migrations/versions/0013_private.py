"""items carry the categories of what is private that they belong to

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL is "not judged yet", which counts as private until the next start has judged them.
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.add_column(sa.Column('private', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('judged_by', sa.String(length=64), nullable=True))
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('judgements', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.drop_column('judgements')
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.drop_column('judged_by')
        batch_op.drop_column('private')
