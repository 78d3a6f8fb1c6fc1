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
# month that there will ever be, which is in 2074, and stay where they are. The others go where their ids say. In the
# past that is the rest, as no month of it is ever made. In the future it must not be: a month that something of lies in
# the rest can be made no more. So each month that an old id falls in is made now, while no keys bind the rows, up to so
# many; what lies behind those stays with the others that tell no time, and there months end.
_LAST_BOUND = '03'
_FOR_OLD_IDS = 60
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
# A new part takes part in every key from and to the explanations.
_BOUND = (*(table for table, *_ in _CHILDREN), *sorted({table for table, _ in _PARENTS.values()}))
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
_HAS_PART = """
CREATE FUNCTION explanations_has_part(begins timestamp) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT to_regclass(format('%I.%I', current_schema(), 'explanations_' || to_char(begins, 'YYYY_MM'))) IS NOT NULL
$$
"""
_ADD_PART = """
CREATE FUNCTION explanations_add_part(begins timestamp) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := 'explanations_' || to_char(begins, 'YYYY_MM');
BEGIN
    -- Not CREATE TABLE … PARTITION OF, which nobody could read or write beside.
    EXECUTE format('CREATE TABLE %I (LIKE explanations INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE explanations ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
        explanations_first_id(begins), explanations_first_id(begins + make_interval(months => 1)));
    PERFORM explanations_lend(part);
END $$
"""
# All that a new part needs, before anything is done, and without waiting: who never waits is in no circle of those who
# wait for one another, so PostgreSQL ends nobody's request for it. The first lock is against others who make months.
_HOLD = f"""
CREATE FUNCTION explanations_hold() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ONLY explanations IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
    LOCK TABLE {', '.join(_BOUND)} IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    LOCK TABLE explanations_rest IN ACCESS EXCLUSIVE MODE NOWAIT;
END $$
"""
# Makes one month at most and returns whether it did: whoever calls it does so again, in a transaction of its own, until
# none is missing. For that long others wait who look into all parts, or write what has a key to explanations or from
# them: for as long as it takes to make an empty table and to read the rest once.
# Runs with the rights of its owner, so that a service that owns nothing can have the next months made, and no more than
# that. The timeout is for locks that a later PostgreSQL may want besides.
_MAKE_MONTHS = """
CREATE FUNCTION explanations_make_months(ahead integer) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET lock_timeout = '500ms' AS $$
DECLARE begins timestamp;
BEGIN
    FOR number IN 0..least(ahead, 120) LOOP
        begins := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => number);
        CONTINUE WHEN explanations_has_part(begins);
        PERFORM explanations_hold();
        -- Another may have made it since; or it has begun without, and what there is of it stays in the rest.
        CONTINUE WHEN explanations_has_part(begins) OR EXISTS (SELECT FROM explanations_rest
            WHERE id >= explanations_first_id(begins)
            AND id < explanations_first_id(begins + make_interval(months => 1)));
        BEGIN
            PERFORM explanations_add_part(begins);
            RETURN true;
        EXCEPTION WHEN invalid_object_definition THEN
            RETURN false;  -- behind the last month that there is room for before the old ids
        END;
    END LOOP;
    RETURN false;
END $$
"""
_MOVE = f"""
DO $$
DECLARE
    begins timestamp; bound text := '{_LAST_BOUND}'; made integer := 0;
BEGIN
    WHILE explanations_make_months(3) LOOP
        NULL;
    END LOOP;
    FOR number IN 0..1200 LOOP
        begins := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => number);
        EXIT WHEN explanations_first_id(begins + make_interval(months => 1)) > bound COLLATE "C";
        CONTINUE WHEN explanations_has_part(begins) OR NOT EXISTS (SELECT FROM explanations_undated
            WHERE id >= explanations_first_id(begins)
            AND id < explanations_first_id(begins + make_interval(months => 1)));
        IF made = {_FOR_OLD_IDS} THEN
            bound := explanations_first_id(begins);
            EXIT;
        END IF;
        PERFORM explanations_add_part(begins);
        made := made + 1;
    END LOOP;
    WITH dated AS (DELETE FROM explanations_undated WHERE id < bound RETURNING *)
        INSERT INTO explanations SELECT * FROM dated;
    EXECUTE format(
        'ALTER TABLE explanations ATTACH PARTITION explanations_undated FOR VALUES FROM (%L) TO (MAXVALUE)', bound);
END $$
"""
# Else a schema that the caller chose, or their temporary tables, would be taken for ours, with the rights of the owner.
_ONLY_OURS = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION explanations_make_months(integer) SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION explanations_make_months(integer) FROM PUBLIC;
END $$
"""
_FUNCTIONS = (
    'make_months(integer)', 'hold()', 'add_part(timestamp)', 'has_part(timestamp)', 'lend(text)', 'first_id(timestamp)',
)
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
    for function in (_FIRST_ID, _LEND, _HAS_PART, _ADD_PART, _HOLD, _MAKE_MONTHS, _ONLY_OURS):
        op.execute(function)
    op.execute(_MOVE)
    for part in ('explanations_rest', 'explanations_undated'):
        op.execute(f"SELECT explanations_lend('{part}')")
    _bind_children()


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    _free_children()
    for function in _FUNCTIONS:
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
