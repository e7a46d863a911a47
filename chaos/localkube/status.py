"""The errors of the API, in the form that clients read: a `Status` object with a reason."""

from __future__ import annotations

from typing import Any

__all__ = [
    "Manifest",
    "StatusError",
    "already_exists",
    "bad_request",
    "conflict",
    "forbidden",
    "invalid",
    "not_found",
    "success",
    "too_many_requests",
]

Manifest = dict[str, Any]
"""One API object as JSON. Its shape is the API's own, so it stays a plain dict."""


class StatusError(Exception):
    """A request that the API refuses; `body()` is what the client gets.

    Attributes:
        code: the HTTP status. reason: the machine-readable reason. details: kind, name, causes.
    """

    def __init__(
        self, code: int, reason: str, message: str, details: Manifest | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details or {}

    def body(self) -> Manifest:
        """The `Status` object."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def success(details: Manifest | None = None) -> Manifest:
    """The `Status` object of a request that left nothing else to say."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details or {},
    }


def not_found(plural: str, name: str, group: str = "") -> StatusError:
    """404: no such object."""
    what = f"{plural}.{group}" if group else plural
    details = {"name": name, "group": group, "kind": plural}
    return StatusError(404, "NotFound", f'{what} "{name}" not found', details)


def already_exists(plural: str, name: str, group: str = "") -> StatusError:
    """409 at creation: the name is taken."""
    what = f"{plural}.{group}" if group else plural
    details = {"name": name, "group": group, "kind": plural}
    return StatusError(409, "AlreadyExists", f'{what} "{name}" already exists', details)


def conflict(plural: str, name: str, why: str) -> StatusError:
    """409 at an update or delete: somebody else was faster, or another object has the name now."""
    message = f'Operation cannot be fulfilled on {plural} "{name}": {why}'
    return StatusError(409, "Conflict", message, {"name": name, "kind": plural})


def bad_request(message: str) -> StatusError:
    """400: the request itself cannot be read."""
    return StatusError(400, "BadRequest", message)


def forbidden(message: str, details: Manifest | None = None) -> StatusError:
    """403: the caller is known and may not."""
    return StatusError(403, "Forbidden", message, details)


def invalid(kind: str, name: str, field: str, why: str) -> StatusError:
    """422: the object was read and breaks a rule."""
    cause = {"reason": "FieldValueInvalid", "message": why, "field": field}
    details = {"name": name, "kind": kind, "causes": [cause]}
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {field}: {why}', details)


def too_many_requests(message: str, cause: Manifest) -> StatusError:
    """429: an eviction that a disruption budget holds back."""
    return StatusError(429, "TooManyRequests", message, {"causes": [cause]})
