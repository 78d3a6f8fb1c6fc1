"""Who may do what: roles and scopes, API keys for programs, passwords and sign-ins for people."""

from explainer.access.roles import DEMO, GRANTS, Caller, Role, Scope, granted

__all__ = ["DEMO", "GRANTS", "Caller", "Role", "Scope", "granted"]
