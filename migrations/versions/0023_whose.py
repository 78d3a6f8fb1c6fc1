"""idempotency keys know whom they are about, and looks at everybody's records are no look at somebody called "*"

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op


revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_MADE_FIRST = {
    'postgresql': "promises.explanations ->> 0",
    'sqlite': "json_extract(promises.explanations, '$[0]')",
}


def upgrade() -> None:
    with op.batch_alter_table('promises', schema=None) as batch_op:
        batch_op.add_column(sa.Column('user_id', sa.String(length=200), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_promises_user_id'), ['user_id'], unique=False)
    first = _MADE_FIRST[op.get_bind().dialect.name]
    op.execute(
        f'UPDATE promises SET user_id = made.user_id FROM explanations AS made WHERE made.id = {first}'
    )
    # Of these nobody could say whom to erase them with: what was never answered, or with nothing.
    op.execute("DELETE FROM promises WHERE user_id = ''")
    with op.batch_alter_table('views', schema=None) as batch_op:
        batch_op.alter_column('subject', existing_type=sa.String(length=200), nullable=True)
    # Until now all of these were kept as looks at everybody's.
    op.execute("UPDATE views SET subject = NULL WHERE subject = '*'")


def downgrade() -> None:
    op.execute("UPDATE views SET subject = '*' WHERE subject IS NULL")
    with op.batch_alter_table('views', schema=None) as batch_op:
        batch_op.alter_column('subject', existing_type=sa.String(length=200), nullable=False)
    with op.batch_alter_table('promises', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_promises_user_id'))
        batch_op.drop_column('user_id')
