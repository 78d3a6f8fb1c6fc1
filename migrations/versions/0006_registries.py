"""adapters, every change of which adapter or prompts are in use, and how many tries a draft took

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('adapters',
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('locale', sa.String(length=20), nullable=False),
    sa.Column('folder', sa.Text(), nullable=False),
    sa.Column('base_hash', sa.String(length=64), nullable=False),
    sa.Column('card', sa.JSON(), nullable=False),
    sa.Column('label', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_adapters'))
    )
    # At most one adapter in production per locale, whoever writes.
    in_production = sa.text("label = 'production'")
    op.create_index('uq_adapters_production', 'adapters', ['locale'], unique=True,
                    sqlite_where=in_production, postgresql_where=in_production)
    op.create_table('registry_changes',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('scope', sa.String(length=50), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('version', sa.String(length=64), nullable=True),
    sa.Column('other', sa.String(length=64), nullable=True),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('split', sa.String(length=36), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registry_changes')),
    sa.UniqueConstraint('kind', 'scope', 'number', name=op.f('uq_registry_changes_kind'))
    )
    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tries', sa.Integer(), nullable=False, server_default='1'))
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_explanations_prompt_version'), ['prompt_version'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_explanations_prompt_version'))
    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.drop_column('tries')
    op.drop_table('registry_changes')
    op.drop_index('uq_adapters_production', table_name='adapters')
    op.drop_table('adapters')
