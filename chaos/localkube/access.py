"""Who is calling, and what they may do: bearer tokens and role-based access control.

The administrator's token may do everything. Any other token belongs to a service account and may
do what the roles that are bound to it say, and nothing else.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from clinigate.chaos.localkube.status import Manifest, StatusError, forbidden
from clinigate.chaos.localkube.store import Store

__all__ = ["Access", "Request", "User"]


@dataclass(frozen=True, slots=True)
class User:
    """A caller: its name as the API spells it, and its namespace for a service account."""

    name: str
    namespace: str = ""
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller wants: the attributes that a role speaks of.

    `resource` names the subresource too, as `pods/eviction`. A request for a namespace object has
    that namespace as its own, so that a role inside of it can permit reading it.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Access:
    """Tokens and the judge of requests."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.admin_token = secrets.token_urlsafe(24)
        self._tokens: dict[str, User] = {}

    def issue(self, namespace: str, account: str) -> str:
        """A new token for a service account."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = User(f"system:serviceaccount:{namespace}:{account}", namespace)
        return token

    def authenticate(self, header: str) -> User:
        """The caller that an `Authorization` header names.

        Raises:
            StatusError: 401.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            if hmac.compare_digest(token.encode(), self.admin_token.encode()):
                return User("admin", admin=True)
            if token in self._tokens:
                return self._tokens[token]
        raise StatusError(401, "Unauthorized", "Unauthorized")

    def check(self, user: User, request: Request) -> None:
        """Let a request pass.

        Raises:
            StatusError: 403 with who may not do what where.
        """
        if self.allowed(user, request):
            return
        where = f' in the namespace "{request.namespace}"' if request.namespace else ""
        scope = where or " at the cluster scope"
        what = f"{request.resource}.{request.group}" if request.group else request.resource
        named = f'{what} "{request.name}"' if request.name else what
        raise forbidden(
            f'{named} is forbidden: User "{user.name}" cannot {request.verb} resource '
            f'"{request.resource}" in API group "{request.group}"{scope}',
            {"name": request.name, "group": request.group, "kind": request.resource},
        )

    def allowed(self, user: User, request: Request) -> bool:
        """Whether some role that is bound to the caller has a rule for the request."""
        if user.admin:
            return True
        return any(_covers(rule, request) for rule in self._rules(user, request.namespace))

    def _rules(self, user: User, namespace: str) -> list[Manifest]:
        rules: list[Manifest] = []
        bindings = self._store.all_of("ClusterRoleBinding")
        if namespace:
            bindings += self._store.all_of("RoleBinding", namespace)
        for binding in bindings:
            if not any(_is_subject(each, user) for each in binding.get("subjects") or []):
                continue
            reference = binding["roleRef"]
            of = binding["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
            role = self._store.find(reference["kind"], of, reference["name"])
            rules += (role or {}).get("rules") or []
        return rules


def _is_subject(subject: Manifest, user: User) -> bool:
    if subject["kind"] == "ServiceAccount":
        account = f"system:serviceaccount:{subject.get('namespace', '')}:{subject['name']}"
        return account == user.name
    return bool(subject["kind"] == "User" and subject["name"] == user.name)


def _covers(rule: Manifest, request: Request) -> bool:
    names = rule.get("resourceNames") or []
    return (
        _any(rule.get("verbs"), request.verb)
        and _any(rule.get("apiGroups"), request.group)
        and _any(rule.get("resources"), request.resource)
        and (not names or request.name in names)
    )


def _any(allowed: list[str] | None, wanted: str) -> bool:
    return allowed is not None and ("*" in allowed or wanted in allowed)
