"""``explainer serve`` starts only where somebody can come in, and nobody who saw a demo can."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from explainer.access import DEMO, Role
from explainer.access.keys import create_key, revoke_key
from explainer.access.people import add_person, disable
from explainer.server.listening import listening
from explainer.storage.access_tables import ApiKeyRow
from tests.integration.commands import run, said


def key(session, name):
    create_key(session, name)


def expired_key(session, name):
    create_key(session, name, lifetime=timedelta(microseconds=1))


def revoked_key(session, name):
    create_key(session, name)
    revoke_key(session, name)


def key_of_another_version(session, name):
    create_key(session, name)
    session.execute(update(ApiKeyRow).where(ApiKeyRow.name == name).values(role="king"))


def person(session, name):
    add_person(session, name, Role.ADMIN, "three green kettles")


def disabled_person(session, name):
    person(session, name)
    disable(session, name)


@pytest.fixture
def serve(empty, tmp_path, monkeypatch):
    """Return what starts the service with some credentials; whoever passes the check finds the port taken."""
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", empty.url)
    with listening("127.0.0.1", 0) as taken:

        def start(*credentials):
            with empty.session() as session:
                for make, name in credentials:
                    make(session, name)
            return run(tmp_path, "serve", "--host", "127.0.0.1", "--port", str(taken.getsockname()[1]))

        yield start


def named(given):
    """Return what a case is called: its credentials."""
    return " ".join(f"{one[0].__name__}:{one[1]}" for one in given if isinstance(one, tuple)) or "-"


NOBODY = ["explainer key create NAME", "explainer people add NAME"]
DEMO_KEY, DEMO_PERSON = ["explainer key revoke demo"], ["explainer people disable demo"]


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ([], NOBODY),
        ([(expired_key, "shop")], NOBODY),
        ([(revoked_key, "shop")], NOBODY),
        ([(key_of_another_version, "shop")], NOBODY),
        ([(disabled_person, "ada")], NOBODY),
        ([(expired_key, "shop"), (disabled_person, "ada")], NOBODY),
        ([(expired_key, DEMO), (disabled_person, DEMO)], NOBODY),
        ([(key, DEMO)], DEMO_KEY),
        ([(key, DEMO), (key, "shop")], DEMO_KEY),
        ([(person, DEMO)], DEMO_PERSON),
        ([(person, DEMO), (key, "shop"), (person, "ada")], DEMO_PERSON),
    ],
    ids=named,
)
def test_it_is_refused_and_told_which_command_mends_it(serve, credentials, words):
    result = serve(*credentials)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.output
    assert all(word in said(result) for word in words), result.output
    assert "Port" not in result.output


@pytest.mark.parametrize(
    "credentials",
    [
        [(key, "shop")],
        [(person, "ada")],
        [(key, "shop"), (expired_key, "old"), (disabled_person, "ada")],
        [(expired_key, DEMO), (key, "shop")],
        [(revoked_key, DEMO), (key, "shop")],
        [(disabled_person, DEMO), (key, "shop")],
        [(disabled_person, DEMO), (person, "ada")],
    ],
    ids=named,
)
def test_with_a_key_or_a_person_of_ones_own_it_goes_on_to_its_port(serve, credentials):
    result = serve(*credentials)
    assert result.exit_code == 1
    assert "can't be used: something listens there already" in said(result), result.output
