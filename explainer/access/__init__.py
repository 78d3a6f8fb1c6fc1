"""Who may do what: roles and scopes, API keys for programs, passwords and sign-ins for people."""

from explainer.access.roles import BY_NAME, DEMO, GRANTS, Caller, Role, Scope, granted

__all__ = ["BY_NAME", "DEMO", "GRANTS", "Caller", "Role", "Scope", "granted"]
