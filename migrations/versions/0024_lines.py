"""which lines of training files were made of whose explanations, and which adapters learned from them

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('corpus_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('line', sa.String(length=60), nullable=True))
    op.execute(
        "UPDATE corpus_lines SET line = "
        "(SELECT 'review-' || r.id FROM reviews r WHERE r.explanation_id = corpus_lines.explanation_id)"
    )
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lines', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('adapters', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.drop_column('adapters')
        batch_op.drop_column('lines')
    with op.batch_alter_table('corpus_lines', schema=None) as batch_op:
        batch_op.drop_column('line')
