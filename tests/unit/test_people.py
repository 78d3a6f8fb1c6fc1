"""People on a real database: passwords, pauses, sign-ins that end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from explainer.access import Role, Scope
from explainer.access.people import add_person, check_password, disable, forget_person, list_people, set_password
from explainer.access.sign_ins import LIFETIME, sign_in, sign_out, signed_in
from explainer.errors import AccessError, ConflictError, NotFoundError, SignInError
from explainer.storage.access_tables import SignInRow
from explainer.storage.base import now

GOOD, OTHER = "three green kettles", "four blue lanterns"
pytestmark = pytest.mark.usefixtures("full_strength")


@pytest.fixture
def session(database):
    with database.session() as made:
        add_person(made, "ada", Role.SUPPORT, GOOD)
        yield made


def test_the_right_password_lets_in_and_is_stored_nowhere(session):
    person = check_password(session, "ada", GOOD)
    assert person.role == "support"
    assert person.password.startswith("$argon2id$v=19$m=65536,t=3,"), "as RFC 9106 advises where memory is short"
    assert GOOD not in person.password


@pytest.mark.parametrize(("name", "password"), [("ada", OTHER), ("ada", ""), ("nobody", GOOD), ("", "")])
def test_everything_else_gets_the_same_answer(session, name, password):
    with pytest.raises(SignInError) as known:
        check_password(session, "ada", "wrong")
    with pytest.raises(SignInError) as error:
        check_password(session, name, password)
    assert str(error.value) == str(known.value)


def test_after_five_wrong_ones_even_the_right_one_waits_and_each_more_costs_more(session):
    moment = now()
    for _ in range(5):
        with pytest.raises(SignInError):
            check_password(session, "ada", OTHER, moment)
    with pytest.raises(SignInError):
        check_password(session, "ada", GOOD, moment + timedelta(seconds=29))
    with pytest.raises(SignInError):
        check_password(session, "ada", OTHER, moment + timedelta(seconds=31))
    with pytest.raises(SignInError):
        check_password(session, "ada", GOOD, moment + timedelta(seconds=31 + 59))
    assert check_password(session, "ada", GOOD, moment + timedelta(seconds=31 + 61)).failures == 0
    with pytest.raises(SignInError):
        check_password(session, "ada", OTHER, moment)
    assert check_password(session, "ada", GOOD, moment).name == "ada"


def test_a_new_password_ends_the_pause_and_the_old_one(session):
    for _ in range(9):
        with pytest.raises(SignInError):
            check_password(session, "ada", OTHER)
    set_password(session, "ada", OTHER)
    assert check_password(session, "ada", OTHER).name == "ada"
    with pytest.raises(SignInError):
        check_password(session, "ada", GOOD)


def test_a_sign_in_carries_role_and_token_and_ends(session):
    moment = now()
    token = sign_in(session, check_password(session, "ada", GOOD), moment)
    found = signed_in(session, token, moment)
    assert found.caller.role is Role.SUPPORT
    assert found.caller.may(Scope.SUPPRESS)
    assert len(found.csrf) >= 32
    assert signed_in(session, token + "x", moment) is None
    assert signed_in(session, token, moment + LIFETIME) is None
    assert token not in str([vars(row) for row in session.query(SignInRow)])
    sign_out(session, token)
    assert signed_in(session, token, moment) is None


def test_a_disabled_person_is_out_at_once(session):
    token = sign_in(session, check_password(session, "ada", GOOD))
    disable(session, "ada")
    assert signed_in(session, token) is None
    with pytest.raises(SignInError):
        check_password(session, "ada", GOOD)
    assert [(p.name, p.disabled) for p in list_people(session)] == [("ada", True)]


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "ADALOVELACE.1815"])
def test_passwords_that_are_easy_to_guess_are_refused(session, password):
    with pytest.raises(AccessError):
        add_person(session, "adalovelace.1815", Role.ADMIN, password)


def test_names_are_there_once_and_must_be_known(session):
    with pytest.raises(ConflictError, match="people password"):
        add_person(session, "ada", Role.ADMIN, OTHER)
    with pytest.raises(NotFoundError, match="people list"):
        set_password(session, "eve", OTHER)


def test_somebody_of_a_demo_leaves_nothing_behind(session):
    token = sign_in(session, check_password(session, "ada", GOOD))
    forget_person(session, "ada")
    assert signed_in(session, token) is None
    assert list_people(session) == []
    forget_person(session, "ada")
