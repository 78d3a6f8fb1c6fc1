"""first tables

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('api_keys',
    sa.Column('prefix', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('prefix', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_keys_digest'))
    )
    op.create_table('audit_entries',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=60), nullable=False),
    sa.Column('record_id', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_entries'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entries_record_id'), ['record_id'], unique=False)

    op.create_table('datasets',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('domain', sa.String(length=20), nullable=False),
    sa.Column('value_low', sa.Double(), nullable=False),
    sa.Column('value_high', sa.Double(), nullable=False),
    sa.Column('cleaning_report', sa.JSON(), nullable=False),
    sa.Column('ingested_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_datasets'))
    )
    op.create_table('drafts',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('draft', sa.Text(), nullable=True),
    sa.Column('failures', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_drafts'))
    )
    op.create_table('items',
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('aspects', sa.JSON(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_items')),
    sa.UniqueConstraint('position', name=op.f('uq_items_position'))
    )
    op.create_table('model_versions',
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_model_versions'))
    )
    op.create_table('prompt_versions',
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('locale', sa.String(length=20), nullable=False),
    sa.Column('audience', sa.String(length=20), nullable=False),
    sa.Column('templates', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_prompt_versions'))
    )
    op.create_table('behaviours',
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.Column('item_id', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('time', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_behaviours_item_id_items')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_behaviours'))
    )
    with op.batch_alter_table('behaviours', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_behaviours_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_behaviours_user_id'), ['user_id'], unique=False)

    op.create_table('explanations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=200), nullable=False),
    sa.Column('item_id', sa.String(length=200), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('score', sa.Double(), nullable=False),
    sa.Column('base_score', sa.Double(), nullable=False),
    sa.Column('method', sa.String(length=60), nullable=False),
    sa.Column('contributions', sa.JSON(), nullable=False),
    sa.Column('popularity', sa.JSON(), nullable=True),
    sa.Column('known_user', sa.Boolean(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('draft', sa.Text(), nullable=False),
    sa.Column('slots', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('gate_failures', sa.JSON(), nullable=False),
    sa.Column('locale', sa.String(length=20), nullable=False),
    sa.Column('audience', sa.String(length=20), nullable=False),
    sa.Column('prompt_hash', sa.String(length=64), nullable=False),
    sa.Column('prompt_version', sa.String(length=64), nullable=False),
    sa.Column('recommender_version', sa.String(length=64), nullable=False),
    sa.Column('writer_version', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_explanations_item_id_items')),
    sa.ForeignKeyConstraint(['prompt_version'], ['prompt_versions.version'], name=op.f('fk_explanations_prompt_version_prompt_versions')),
    sa.ForeignKeyConstraint(['recommender_version'], ['model_versions.version'], name=op.f('fk_explanations_recommender_version_model_versions')),
    sa.ForeignKeyConstraint(['writer_version'], ['model_versions.version'], name=op.f('fk_explanations_writer_version_model_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_explanations'))
    )
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_explanations_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_explanations_item_id'), ['item_id'], unique=False)
        batch_op.create_index('ix_explanations_shown', ['user_id', 'item_id', 'fingerprint'], unique=False)

    op.create_table('evidence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('explanation_id', sa.String(length=36), nullable=False),
    sa.Column('slot', sa.String(length=10), nullable=False),
    sa.Column('behaviour_id', sa.String(length=200), nullable=False),
    sa.Column('item_id', sa.String(length=200), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('time', sa.BigInteger(), nullable=True),
    sa.Column('contribution', sa.Double(), nullable=False),
    sa.Column('share', sa.Double(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['explanation_id'], ['explanations.id'], name=op.f('fk_evidence_explanation_id_explanations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence'))
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_explanation_id'), ['explanation_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evidence_explanation_id'))

    op.drop_table('evidence')
    with op.batch_alter_table('explanations', schema=None) as batch_op:
        batch_op.drop_index('ix_explanations_shown')
        batch_op.drop_index(batch_op.f('ix_explanations_item_id'))
        batch_op.drop_index(batch_op.f('ix_explanations_created_at'))

    op.drop_table('explanations')
    with op.batch_alter_table('behaviours', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_behaviours_user_id'))
        batch_op.drop_index(batch_op.f('ix_behaviours_item_id'))

    op.drop_table('behaviours')
    op.drop_table('prompt_versions')
    op.drop_table('model_versions')
    op.drop_table('items')
    op.drop_table('drafts')
    op.drop_table('datasets')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entries_record_id'))

    op.drop_table('audit_entries')
    op.drop_table('api_keys')
