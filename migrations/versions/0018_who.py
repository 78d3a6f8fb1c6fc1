"""who changed what is in use, and which training sets were made of whose explanations

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('registry_changes', schema=None) as batch_op:
        # Of changes before this nobody knows who made them; their audit entries say nothing of it either.
        batch_op.add_column(sa.Column('changed_by', sa.String(length=200), nullable=True))
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('corpora', sa.JSON(), nullable=True))
    op.create_table('corpora',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('file', sa.String(length=300), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.String(length=200), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_corpora'))
    )
    op.create_table('corpus_lines',
    sa.Column('corpus_id', sa.String(length=36), nullable=False),
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['corpus_id'], ['corpora.id'], name=op.f('fk_corpus_lines_corpus_id_corpora')),
    sa.PrimaryKeyConstraint('corpus_id', 'explanation_id', name=op.f('pk_corpus_lines'))
    )
    with op.batch_alter_table('corpus_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_corpus_lines_user_id'), ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('corpus_lines')
    op.drop_table('corpora')
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.drop_column('corpora')
    with op.batch_alter_table('registry_changes', schema=None) as batch_op:
        batch_op.drop_column('changed_by')
