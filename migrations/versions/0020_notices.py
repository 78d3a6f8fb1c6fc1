"""PostgreSQL tells who waits that a better text came, or will not come

Revision ID: 0020
Revises: 0018
"""

from alembic import op


revision = '0020'
down_revision = '0018'
branch_labels = None
depends_on = None

# A trigger, as there are many ways to end what is awaited: a text, giving up, taking back, erasing, removing by age,
# and whatever comes after this. What is told is the explanation's id, once the transaction is committed, and only then.
# The conditions stand in the function: in WHEN they would keep the columns from ever being altered.
_FUNCTION = """
CREATE FUNCTION tell_awaited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'suppressions' THEN
        PERFORM pg_notify('explainer_awaited', NEW.explanation_id);
    ELSIF OLD.state = 'waiting' AND (TG_OP = 'DELETE' OR NEW.state <> 'waiting') THEN
        PERFORM pg_notify('explainer_awaited', OLD.explanation_id);
    END IF;
    RETURN NULL;
END $$
"""
_WHEN = {'upgrades': 'UPDATE OR DELETE', 'suppressions': 'INSERT'}


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute(_FUNCTION)
    for table, change in _WHEN.items():
        op.execute(
            f'CREATE TRIGGER {table}_tell AFTER {change} ON {table} FOR EACH ROW EXECUTE FUNCTION tell_awaited()'
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table in _WHEN:
        op.execute(f'DROP TRIGGER {table}_tell ON {table}')
    op.execute('DROP FUNCTION tell_awaited()')
