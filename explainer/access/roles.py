"""Who may do what: roles, the scopes they grant, and the one question that is asked of both.

Nothing is allowed by default: a role has the scopes listed here and no others, a key may be narrowed to fewer, and a
handler that names no scope is closed to everybody (see :mod:`explainer.server.auth`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from explainer.errors import AccessError

DEMO = "demo"
"""Name of the key and the person that ``explainer demo`` makes; nobody else serves with them."""


class Role(StrEnum):
    """What somebody, or some program, is here for."""

    APP = "app"
    SUPPORT = "support"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Scope(StrEnum):
    """One thing that may be done."""

    EXPLAIN = "explanations:write"
    READ = "explanations:read"
    FEEDBACK = "feedback:write"
    USERS = "users:read"
    CHOICES = "users:write"
    EXPORT = "users:export"
    ERASE = "users:erase"
    CATALOGUE = "catalogue:write"
    SUPPRESS = "explanations:suppress"
    REVIEW = "review:write"
    AUDIT = "audit:read"
    DOCS = "docs:read"
    METRICS = "metrics:read"
    ADMIN = "admin:write"


GRANTS: Mapping[Role, frozenset[Scope]] = {
    Role.APP: frozenset(
        {
            Scope.EXPLAIN,
            Scope.READ,
            Scope.FEEDBACK,
            Scope.USERS,
            Scope.CHOICES,
            Scope.EXPORT,
            Scope.ERASE,
            Scope.CATALOGUE,
            Scope.DOCS,
        }
    ),
    Role.SUPPORT: frozenset({Scope.EXPLAIN, Scope.READ, Scope.USERS, Scope.SUPPRESS, Scope.DOCS}),
    Role.REVIEWER: frozenset({Scope.READ, Scope.REVIEW, Scope.DOCS}),
    Role.AUDITOR: frozenset({Scope.READ, Scope.AUDIT, Scope.METRICS, Scope.DOCS}),
    Role.ADMIN: frozenset(Scope),
}
BY_NAME: Mapping[Role, frozenset[Scope]] = {Role.APP: frozenset({Scope.EXPORT, Scope.ERASE})}
"""What a role may only do with a key that was made for it by name: no shop's web server must be able to empty it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, once they are known.

    Attributes:
        name: Name of the key or person.
        role: Their role.
        scopes: What they may do.
        expires_at: Until when; None for ever.
    """

    name: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether this caller may do that."""
        return scope in self.scopes


def granted_to_key(role: Role, narrowed: Iterable[str] | None = None) -> frozenset[Scope]:
    """Return the scopes of a key: those that it is narrowed to, or all of its role's but those that must be named.

    Keys that were made before there was anything to be named may not do it either, nor may people, who have no key.

    Args:
        role: The role.
        narrowed: As of :func:`granted`.

    Raises:
        AccessError: As there.
    """
    found = granted(role, narrowed)
    return found if narrowed is not None else found - BY_NAME.get(role, frozenset())


def granted(role: Role, narrowed: Iterable[str] | None = None) -> frozenset[Scope]:
    """Return the scopes of a role, or those of them that a key is narrowed to.

    Args:
        role: The role.
        narrowed: Names of scopes; None for all of the role's.

    Raises:
        AccessError: If one is no scope, or is not the role's; the message lists those that are.
    """
    if narrowed is None:
        return GRANTS[role]
    wanted = frozenset(narrowed)
    if not wanted or wanted - GRANTS[role]:
        strange = ", ".join(sorted(wanted - GRANTS[role])) or "nothing"
        raise AccessError(
            f"The role {role} cannot be narrowed to {strange}; it has: {', '.join(sorted(GRANTS[role]))}."
        )
    return frozenset(Scope(name) for name in wanted)
