"""What a scope and a role allow.

A scope is `read`, `write`, `impersonate`, or one of the two for one resource, such as `tickets:read`. As observed, a
name that is neither is granted all the same and allows nothing.
"""

from __future__ import annotations

from ..answers import flat, forbidden, missing_scopes
from ..call import Caller

ALL = "*"  # an API token has no scopes and may do everything
BROAD = ("read", "write")
_FOR_ANY_TOKEN = ("oauth/tokens/current",)
_ANSWERS = ("GET", "HEAD")

# (method or any, how the path's template begins): what only admins may ask for.
_ADMIN = (
    ("", "incremental/"),
    ("POST", "organization_fields"),
    ("PUT", "organization_fields"),
    ("DELETE", "organization_fields"),
    ("POST", "user_fields"),
    ("PUT", "user_fields"),
    ("DELETE", "user_fields"),
    ("POST", "ticket_fields"),
    ("PUT", "ticket_fields"),
    ("DELETE", "ticket_fields"),
    ("POST", "organizations"),
    ("DELETE", "organizations"),
    ("", "organization_merges"),
    ("", "deleted_users"),
    ("POST", "groups"),
    ("PUT", "groups"),
    ("DELETE", "groups"),
    ("", "oauth/tokens/:id"),
)
_CUSTOM_OBJECT = "custom_objects"
_AGENT_WORK = ("/records", "/jobs")  # of a custom object


def granted(text: str) -> tuple[str, ...]:
    """The scopes of a token request. Raises Refusal (400) for a broad one beside a narrow one of the same kind."""
    found = tuple(dict.fromkeys(text.split()))
    for broad in BROAD:
        if broad in found and any(scope.endswith(f":{broad}") for scope in found):
            raise flat(400, "invalid_scope", f"{broad} already holds its narrower scopes")
    return found


def check(caller: Caller, method: str, template: str) -> None:
    """Raises Refusal (403) where the token's scopes or the user's role do not allow it."""
    _check_scope(caller.scopes, method, template)
    if caller.role != "admin" and _for_admins(method, template):
        raise forbidden()


def _check_scope(scopes: frozenset[str], method: str, template: str) -> None:
    needed = "read" if method in _ANSWERS else "write"
    if needed in scopes or ALL in scopes or template in _FOR_ANY_TOKEN:
        return
    parts = template.split("/")
    resource = parts[1] if parts[0] == "incremental" else parts[0]
    if f"{resource}:{needed}" not in scopes:
        raise missing_scopes(f"{resource}:{needed}", needed)


def _for_admins(method: str, template: str) -> bool:
    if template.startswith(_CUSTOM_OBJECT):
        return method not in _ANSWERS and not any(part in template for part in _AGENT_WORK)
    return any(verb in ("", method) and template.startswith(start) for verb, start in _ADMIN)
