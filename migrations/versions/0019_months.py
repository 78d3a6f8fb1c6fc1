"""explanations lie by months on PostgreSQL

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

# A month is a range of ids (explainer.storage.ids). Ids from before are random: nearly all of them lie behind the last
# month that there will ever be, which is in 2074, and stay where they are. The others go where their ids say, to the
# month or, if there is none, to the rest.
_UNDATED = '03'
# Compared byte by byte, whatever the order of letters of the database: bounds must mean the same everywhere. What is
# joined by ids has to be so as well, or no index would serve the join.
_IDS = (
    *((table, 'explanation_id', 36) for table in (
        'evidence', 'counterfactuals', 'revisions', 'upgrades', 'suppressions', 'reviews', 'feedback',
        'jobs', 'pregenerated', 'corpus_lines',
    )),
    ('audit_entries', 'record_id', 200),
    ('explanations', 'id', 36),
)
_CHILDREN = _IDS[:7]
_INDEXES = {
    'ix_explanations_created_at': ['created_at'],
    'ix_explanations_item_id': ['item_id'],
    'ix_explanations_prompt_version': ['prompt_version'],
    'ix_explanations_shown': ['user_id', 'item_id', 'fingerprint'],
}
_PARENTS = {
    'item_id': ('items', 'id'),
    'prompt_version': ('prompt_versions', 'version'),
    'recommender_version': ('model_versions', 'version'),
    'writer_version': ('model_versions', 'version'),
}
_FIRST_ID = """
CREATE FUNCTION explanations_first_id(moment timestamp) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT substr(hex, 1, 8) || '-' || substr(hex, 9)
    FROM (SELECT lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') AS hex) AS told
$$
"""
# Whoever may vacuum the whole may vacuum its parts, which PostgreSQL asks of each: what was erased must go for good.
_LEND = """
CREATE FUNCTION explanations_lend(part text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT told.grantee FROM pg_class, aclexplode(relacl) AS told
        WHERE pg_class.oid = 'explanations'::regclass AND privilege_type = 'MAINTAIN' AND told.grantee <> relowner
    LOOP
        EXECUTE format('GRANT MAINTAIN ON %I TO %s', part,
            CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END);
    END LOOP;
END $$
"""
# Runs with the rights of its owner, so that a service that owns nothing can have the next months made, and no more than
# that. It gives up within half a second where others hold what it needs: sooner than PostgreSQL looks for deadlocks,
# so that never somebody's request is ended for it.
_MAKE_MONTHS = """
CREATE FUNCTION explanations_make_months(ahead integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET lock_timeout = '500ms' AS $$
DECLARE
    begins timestamp; part text; made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7106408);
    FOR number IN 0..least(ahead, 120) LOOP
        begins := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => number);
        part := 'explanations_' || to_char(begins, 'YYYY_MM');
        CONTINUE WHEN to_regclass(format('%I.%I', current_schema(), part)) IS NOT NULL;
        BEGIN
            -- Not CREATE TABLE … PARTITION OF, which nobody could read or write beside.
            EXECUTE format('CREATE TABLE %I (LIKE explanations INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
            EXECUTE format('ALTER TABLE explanations ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
                explanations_first_id(begins), explanations_first_id(begins + make_interval(months => 1)));
            PERFORM explanations_lend(part);
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            NULL;  -- the month has begun without: what there is of it lies in the rest, where it stays
        END;
    END LOOP;
    RETURN made;
END $$
"""
# Else a schema that the caller chose, or their temporary tables, would be taken for ours, with the rights of the owner.
_ONLY_OURS = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION explanations_make_months(integer) SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION explanations_make_months(integer) FROM PUBLIC;
END $$
"""
# To a table that takes the place of another, from that.
_PASS_ON = """
DO $$ DECLARE one record; who text;
BEGIN
    FOR one IN SELECT told.* FROM pg_class, aclexplode(relacl) AS told
        WHERE pg_class.oid = '{old}'::regclass AND told.grantee <> relowner
    LOOP
        who := CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END;
        EXECUTE format('GRANT %s ON {new} TO %s', one.privilege_type, who)
            || CASE WHEN one.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END;
        EXECUTE format('REVOKE %s ON {old} FROM %s CASCADE', one.privilege_type, who);
    END LOOP;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    _free_children()
    _compare('C')
    _step_aside()
    op.execute('CREATE TABLE explanations (LIKE explanations_undated INCLUDING DEFAULTS) PARTITION BY RANGE (id)')
    _build()
    op.execute(_PASS_ON.format(old='explanations_undated', new='explanations'))
    op.execute('CREATE TABLE explanations_rest PARTITION OF explanations DEFAULT')
    for function in (_FIRST_ID, _LEND, _MAKE_MONTHS, _ONLY_OURS):
        op.execute(function)
    op.execute('SELECT explanations_make_months(3)')
    op.execute(
        f"WITH dated AS (DELETE FROM explanations_undated WHERE id < '{_UNDATED}' RETURNING *) "
        'INSERT INTO explanations SELECT * FROM dated'
    )
    op.execute(
        f"ALTER TABLE explanations ATTACH PARTITION explanations_undated FOR VALUES FROM ('{_UNDATED}') TO (MAXVALUE)"
    )
    for part in ('explanations_rest', 'explanations_undated'):
        op.execute(f"SELECT explanations_lend('{part}')")
    _bind_children()


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    _free_children()
    for function in ('make_months(integer)', 'lend(text)', 'first_id(timestamp)'):
        op.execute(f'DROP FUNCTION explanations_{function}')
    op.execute('CREATE TABLE explanations_whole (LIKE explanations INCLUDING DEFAULTS)')
    op.execute('INSERT INTO explanations_whole SELECT * FROM explanations')
    op.execute(_PASS_ON.format(old='explanations', new='explanations_whole'))
    op.execute('DROP TABLE explanations')
    op.execute('ALTER TABLE explanations_whole RENAME TO explanations')
    _compare('default')
    _build()
    _bind_children()


def _free_children() -> None:
    for table, *_ in _CHILDREN:
        op.drop_constraint(f'fk_{table}_explanation_id_explanations', table, type_='foreignkey')


def _bind_children() -> None:
    for table, *_ in _CHILDREN:
        name = f'fk_{table}_explanation_id_explanations'
        op.create_foreign_key(name, table, 'explanations', ['explanation_id'], ['id'])


def _compare(order: str) -> None:
    for table, column, length in _IDS:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "{order}"')


def _step_aside() -> None:
    """Give the names of the table and its indexes to the one that takes its place."""
    op.execute('ALTER TABLE explanations RENAME TO explanations_undated')
    op.execute('ALTER TABLE explanations_undated RENAME CONSTRAINT pk_explanations TO pk_explanations_undated')
    for name in _INDEXES:
        op.execute(f'ALTER INDEX {name} RENAME TO {name.replace("explanations", "explanations_undated")}')


def _build() -> None:
    op.create_primary_key('pk_explanations', 'explanations', ['id'])
    for name, columns in _INDEXES.items():
        op.create_index(name, 'explanations', columns)
    for column, (table, key) in _PARENTS.items():
        op.create_foreign_key(f'fk_explanations_{column}_{table}', 'explanations', table, [column], [key])
