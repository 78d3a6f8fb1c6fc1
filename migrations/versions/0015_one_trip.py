"""entries are appended in one trip on PostgreSQL, and replacing one is refused on SQLite

Revision ID: 0015
Revises: 0014
"""

from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

# Numbers entries, hashes them and grows the tree (RFC 6962), as explainer.audit.appending does elsewhere. Done here
# because every writer waits for the one before it: between its turn and its commit there is nothing left to ask.
# Of each entry comes the beginning of its canonical JSON, which ends with the number that it gets here.
_APPEND = """
CREATE FUNCTION audit_append(entries json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    size integer; one record; hashed bytea; sibling text; my_level integer; my_place integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7106407);
    SELECT coalesce(max(seq), 0) INTO size FROM audit_entries;
    FOR one IN SELECT * FROM json_to_recordset(entries)
        AS told(event text, record_id text, digest text, at timestamptz, salt text, begins text, subjects json)
    LOOP
        hashed := sha256('\\x00'::bytea || convert_to(one.begins || size + 1 || '}', 'UTF8'));
        INSERT INTO audit_entries (seq, event, record_id, digest, at, leaf)
            VALUES (size + 1, one.event, one.record_id, one.digest, one.at, encode(hashed, 'hex'));
        INSERT INTO audit_salts (seq, value) VALUES (size + 1, one.salt);
        INSERT INTO audit_subjects (subject, seq) SELECT value, size + 1 FROM json_array_elements_text(one.subjects);
        my_level := 0;
        my_place := size;
        WHILE my_place & 1 = 1 LOOP
            IF my_level = 0 THEN
                SELECT leaf INTO sibling FROM audit_entries WHERE seq = my_place;
            ELSE
                SELECT hash INTO sibling FROM audit_nodes WHERE level = my_level AND place = my_place - 1;
            END IF;
            IF sibling IS NULL THEN
                RAISE EXCEPTION 'the audit log''s tree has no node at level %, place %: it was altered by hand',
                    my_level, my_place - 1;
            END IF;
            hashed := sha256('\\x01'::bytea || decode(sibling, 'hex') || hashed);
            my_level := my_level + 1;
            my_place := my_place >> 1;
            INSERT INTO audit_nodes (level, place, hash) VALUES (my_level, my_place, encode(hashed, 'hex'));
        END LOOP;
        size := size + 1;
    END LOOP;
END $$
"""
# INSERT OR REPLACE deletes what is in its way, and SQLite tells no trigger of that unless recursive_triggers is on.
_IN_THE_WAY = {
    'audit_entries': 'seq = NEW.seq OR rowid = NEW.rowid',
    'audit_nodes': '(level = NEW.level AND place = NEW.place) OR rowid = NEW.rowid',
}


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(_APPEND)
        return
    for table, same in _IN_THE_WAY.items():
        op.execute(
            f'CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} '
            f'WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) '
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_append(json)')
        return
    for table in _IN_THE_WAY:
        op.execute(f'DROP TRIGGER {table}_no_replace')
