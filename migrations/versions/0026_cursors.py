"""the key that cursors are encrypted with

Revision ID: 0026
Revises: 0025
"""

import base64
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

KEY_BYTES = 64

SECRETS = sa.table('secrets', sa.column('name'), sa.column('value'), sa.column('created_at', sa.DateTime(timezone=True)))


def upgrade() -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    op.execute(SECRETS.insert().values(name='cursors', value=key, created_at=datetime.now(UTC)))


def downgrade() -> None:
    op.execute(SECRETS.delete().where(SECRETS.c.name == 'cursors'))
