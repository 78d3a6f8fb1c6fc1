"""PostgreSQL tells who waits that a better text came, or will not come, and workers that one is asked for

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
_AWAITED = """
CREATE FUNCTION tell_awaited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('explainer_awaited', NEW.explanation_id);
    ELSIF OLD.state = 'waiting' AND (TG_OP = 'DELETE' OR NEW.state <> 'waiting') THEN
        PERFORM pg_notify('explainer_awaited', OLD.explanation_id);
    END IF;
    RETURN NULL;
END $$
"""
# Only of texts: readers wait for them. Nobody waits for a counterfactual, and every answer asks for one.
_JOBS = """
CREATE FUNCTION tell_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'upgrade' THEN
        PERFORM pg_notify('explainer_jobs', NEW.kind);
    END IF;
    RETURN NULL;
END $$
"""
_TELLS = {
    'upgrades': ('UPDATE OR DELETE', 'tell_awaited'),
    'suppressions': ('INSERT', 'tell_awaited'),
    'jobs': ('INSERT', 'tell_jobs'),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute(_AWAITED)
    op.execute(_JOBS)
    for table, (change, function) in _TELLS.items():
        op.execute(
            f'CREATE TRIGGER {table}_tell AFTER {change} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()'
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table in _TELLS:
        op.execute(f'DROP TRIGGER {table}_tell ON {table}')
    op.execute('DROP FUNCTION tell_awaited()')
    op.execute('DROP FUNCTION tell_jobs()')
