"""what living processes have trouble with, sign with and sign into; which process a start was

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

PROCESSES = {'trouble': sa.Text(), 'signer': sa.String(length=300), 'checkpoints': sa.String(length=300)}


def upgrade() -> None:
    with op.batch_alter_table('processes', schema=None) as batch_op:
        for name, kind in PROCESSES.items():
            batch_op.add_column(sa.Column(name, kind, server_default='', nullable=False))
    with op.batch_alter_table('starts', schema=None) as batch_op:
        # Of starts before this nobody knows which process it was; their audit entries say nothing of it either.
        batch_op.add_column(sa.Column('place', sa.String(length=300), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('starts', schema=None) as batch_op:
        batch_op.drop_column('place')
    with op.batch_alter_table('processes', schema=None) as batch_op:
        for name in reversed(PROCESSES):
            batch_op.drop_column(name)
