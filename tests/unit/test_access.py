"""Roles, scopes and keys on a real database: what is not granted is refused, what is over is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from explainer.access import GRANTS, Caller, Role, Scope, granted
from explainer.access.keys import count_keys, create_key, find_key, find_keys, list_keys, revoke_key, rotate_key
from explainer.errors import AccessError, NotFoundError
from explainer.storage.access_tables import ApiKeyRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now


def test_every_role_has_its_scopes_and_only_the_admin_has_all():
    assert set(GRANTS) == set(Role)
    assert GRANTS[Role.ADMIN] == frozenset(Scope)
    for role in set(Role) - {Role.ADMIN}:
        assert Scope.ADMIN not in GRANTS[role]
        assert GRANTS[role] < GRANTS[Role.ADMIN]
    assert Scope.CATALOGUE not in GRANTS[Role.SUPPORT] | GRANTS[Role.AUDITOR] | GRANTS[Role.REVIEWER]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", Scope)
def test_a_key_is_narrowed_to_what_its_role_has_and_to_nothing_else(role, scope):
    if scope in GRANTS[role]:
        assert granted(role, [scope]) == {scope}
        assert Caller("k", role, granted(role, [scope])).may(scope)
    else:
        with pytest.raises(AccessError, match="it has: "):
            granted(role, [scope])


@pytest.mark.parametrize("scopes", [[], ["nonsense"], ["explanations:read", ""]])
def test_scopes_that_are_none_are_refused(scopes):
    with pytest.raises(AccessError):
        granted(Role.APP, scopes)


def test_a_key_says_who_it_is_and_ends_when_it_ends(database):
    with database.session() as session:
        key = create_key(session, "shop", Role.SUPPORT, scopes=["explanations:read"], lifetime=timedelta(days=1))
        caller = find_key(session, key)
        assert (caller.name, caller.role, caller.scopes) == ("shop", Role.SUPPORT, {Scope.READ})
        assert find_key(session, key, now() + timedelta(days=2)) is None
        assert find_key(session, key + "x") is None
        assert key not in str([vars(row) for row in list_keys(session)])


def test_a_rotated_key_gives_its_users_time(database):
    with database.session() as session:
        old = create_key(session, "shop", Role.APP, lifetime=timedelta(days=90))
        new = rotate_key(session, "shop", timedelta(hours=1))
        assert find_key(session, old).name == find_key(session, new).name == "shop"
        later = now() + timedelta(hours=2)
        assert find_key(session, old, later) is None
        assert find_key(session, new, later).role is Role.APP
        assert find_key(session, new, now() + timedelta(days=91)) is None
        newest = rotate_key(session, "shop", timedelta(0))
        assert find_key(session, new) is None
        assert find_key(session, newest) is not None
        assert find_key(session, old, now() + timedelta(minutes=90)) is None


def test_a_key_of_the_same_name_and_a_revoked_one_stop_working(database):
    with database.session() as session:
        first = create_key(session, "shop")
        second = create_key(session, "shop")
        assert find_key(session, first) is None
        revoke_key(session, "shop")
        assert find_key(session, second) is None
        assert count_keys(session) == 0
        for missing in (revoke_key, lambda s, n: rotate_key(s, n, timedelta(0))):
            with pytest.raises(NotFoundError, match="key list"):
                missing(session, "shop")
    with database.session() as session:
        events = [row.event for row in session.query(AuditEntryRow)]
        assert events == ["key.created", "key.revoked", "key.created", "key.revoked"]


def test_a_lifetime_is_a_while(database):
    with database.session() as session, pytest.raises(AccessError, match="positive"):
        create_key(session, "shop", lifetime=timedelta(0))


@pytest.mark.parametrize("altered", [{"role": "wizard"}, {"scopes": ["spells:cast"]}, {"scopes": []}])
def test_a_key_for_what_is_not_known_here_opens_nothing_and_harms_no_other(database, altered):
    with database.session() as session:
        strange, good = create_key(session, "strange"), create_key(session, "good")
        session.execute(update(ApiKeyRow).where(ApiKeyRow.name == "strange").values(**altered))
        found = find_keys(session.connection(), [strange, good, "rb_none"])
    assert {key: caller.name for key, caller in found.items()} == {good: "good"}
