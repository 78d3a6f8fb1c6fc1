"""On PostgreSQL a service that does not own the tables can do its work, and nothing to the log but add to it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.cli.main import main
from explainer.pipeline import Explainer
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.storage.database import Database
from explainer.storage.erasing import clear, held_counts
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.grants import ONLY_GROW
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import without_nul


@pytest.fixture(scope="module")
def plain(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="module")
def role(postgresql):
    """One that shall serve."""
    return postgresql.role('the "shop" 100%')


@pytest.fixture(scope="module")
def owned(postgresql, plain):
    """A database as its owner sees it."""
    made = Database(postgresql.new())
    fill(made, plain)
    yield made
    made.engine.dispose()


def migrated(url, role):
    return CliRunner().invoke(main, ["migrate", "--grant-to", role], env={"EXPLAINER_DATABASE_URL": url})


@pytest.fixture
def serving(owned, role):
    ended = migrated(owned.url, role)
    assert ended.exit_code == 0, ended.output
    made = Database(make_url(owned.url).set(username=role).render_as_string(hide_password=False))
    yield made
    made.engine.dispose()


def test_it_explains_erases_and_vacuums_and_the_log_stays_whole(serving, plain, tmp_path):
    model = fit(plain, HashEncoder(), SMALL_HYBRID)
    explainer = Explainer(serving, model, Writer(PromptLibrary(), load_vocabulary))
    assert len(explainer.explain_top("u1", 2)) == len(explainer.explain_top("u2", 2)) == 2
    key = ErasureKey.load(tmp_path / "erasure.key")
    erase(serving, Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)), "u1", "test")
    with serving.session() as session:
        maintains = text(f"SELECT has_table_privilege('{ExplanationRow.__tablename__}', 'MAINTAIN')")
        assert session.scalar(maintains)  # or what was erased could not be vacuumed
        assert not any(held_counts(session, "u1").values())
        # Four explanations, what each depends on, the key, whose the id is that erased somebody, and the erasure.
        assert verify(stored_entries(session), [], StoredNodes(session)).entries == 4 + 4 + 3


def test_a_table_that_it_may_not_vacuum_is_named_and_all_others_are_not(serving, owned, role, caplog):
    clear(serving, {"behaviours", "exclusions"})
    assert not caplog.text
    with owned.engine.begin() as connection:
        name = connection.dialect.identifier_preparer.quote_identifier(role)
        connection.exec_driver_sql(f"REVOKE MAINTAIN ON exclusions FROM {name}")
    clear(serving, {"behaviours", "exclusions"})
    assert "may not vacuum exclusions. Run VACUUM (ANALYZE)" in caplog.text


@pytest.mark.parametrize("table", sorted(ONLY_GROW))
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET seq = 1",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {} CASCADE",
    ],
)
def test_it_cannot_change_the_log_nor_take_its_triggers_away(serving, table, statement):
    changed = statement.format(table).replace("seq", "seq" if table == "audit_entries" else "level")
    with serving.engine.connect() as connection, pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        connection.execute(text(changed))


def test_what_the_role_could_do_before_is_taken_from_it(owned, serving, role):
    with owned.engine.begin() as connection:
        connection.execute(text(f"GRANT DELETE ON {min(ONLY_GROW)} TO PUBLIC"))
    assert migrated(owned.url, role).exit_code == 0
    with serving.engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(f"DELETE FROM {min(ONLY_GROW)}"))


def test_a_role_that_is_not_there_or_owns_all_is_refused_with_the_way_out(owned):
    owner = make_url(owned.url).username
    for role, words in (("nobody", "CREATE ROLE"), (owner, "owner of the tables")):
        ended = migrated(owned.url, role)
        assert ended.exit_code == 1
        assert words in " ".join(ended.output.split())


def test_sqlite_has_no_roles_and_says_so(tmp_path):
    ended = migrated(f"sqlite:///{tmp_path / 'explainer.db'}", "shop")
    assert ended.exit_code == 1
    assert "PostgreSQL" in ended.output
