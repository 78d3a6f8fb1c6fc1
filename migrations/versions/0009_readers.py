"""what readers decide, say and look at

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('exclusions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.Column('behaviour_id', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'behaviour_id', name=op.f('pk_exclusions')),
    sa.UniqueConstraint('id', name=op.f('uq_exclusions_id'))
    )
    op.create_table('rates',
    sa.Column('bucket', sa.String(length=250), nullable=False),
    sa.Column('window', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', name=op.f('pk_rates'))
    )
    op.create_table('secrets',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_secrets'))
    )
    op.create_table('user_settings',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.Column('personalised', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_user_settings')),
    sa.UniqueConstraint('id', name=op.f('uq_user_settings_id'))
    )
    op.create_table('views',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('viewer', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('what', sa.String(length=60), nullable=False),
    sa.Column('record_id', sa.String(length=200), nullable=False),
    sa.Column('ticket', sa.String(length=200), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('unmasked', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_views'))
    )
    with op.batch_alter_table('views', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_views_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_views_subject'), ['subject'], unique=False)

    op.create_table('reviews',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('verdict', sa.String(length=20), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.String(length=200), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_reviews_explanation_id_explanations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews')),
    sa.UniqueConstraint('explanation_id', name=op.f('uq_reviews_explanation_id'))
    )
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reviews_created_at'), ['created_at'], unique=False)

    op.create_table('revisions',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('draft', sa.Text(), nullable=False),
    sa.Column('slots', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('gate_failures', sa.JSON(), nullable=False),
    sa.Column('prompt_hash', sa.String(length=64), nullable=False),
    sa.Column('prompt_version', sa.String(length=64), nullable=False),
    sa.Column('writer_version', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_revisions_explanation_id_explanations')),
    sa.ForeignKeyConstraint(['prompt_version'], ['prompt_versions.version'], name=op.f('fk_revisions_prompt_version_prompt_versions')),
    sa.ForeignKeyConstraint(['writer_version'], ['model_versions.version'], name=op.f('fk_revisions_writer_version_model_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revisions')),
    sa.UniqueConstraint('explanation_id', 'number', name=op.f('uq_revisions_explanation_id'))
    )
    op.create_table('suppressions',
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('suppressed_by', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_suppressions_explanation_id_explanations')),
    sa.PrimaryKeyConstraint('explanation_id', name=op.f('pk_suppressions'))
    )
    op.create_table('upgrades',
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_upgrades_explanation_id_explanations')),
    sa.PrimaryKeyConstraint('explanation_id', name=op.f('pk_upgrades'))
    )
    with op.batch_alter_table('upgrades', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upgrades_state'), ['state'], unique=False)

    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asked', sa.JSON(), nullable=True))

    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ticket', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('purpose', sa.Text(), server_default='', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.drop_column('purpose')
        batch_op.drop_column('ticket')

    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.drop_column('asked')

    with op.batch_alter_table('upgrades', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upgrades_state'))

    op.drop_table('upgrades')
    op.drop_table('suppressions')
    op.drop_table('revisions')
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reviews_created_at'))

    op.drop_table('reviews')
    with op.batch_alter_table('views', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_views_subject'))
        batch_op.drop_index(batch_op.f('ix_views_at'))

    op.drop_table('views')
    op.drop_table('user_settings')
    op.drop_table('secrets')
    op.drop_table('rates')
    op.drop_table('exclusions')
