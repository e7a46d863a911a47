"""How the service says no: a status and one JSON object."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

__all__ = ["Problem"]


class Problem(Exception):  # noqa: N818 - an answer on its way to the client, not a fault of ours
    """A request that is refused.

    Attributes:
        status: HTTP status. code: a stable word for programs. message: one sentence for people,
            which never repeats what the client sent beyond names of fields.
        unread: a body that could not be read; it goes nowhere.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.unread = b""

    def response(self) -> JSONResponse:
        """Return the answer in the form of the OpenAI API."""
        body = {"error": {"code": self.code, "message": self.message}}
        return JSONResponse(body, self.status, self.headers)


class OAuthProblem(Problem):
    """A token request that is refused, in the form of RFC 6749, section 5.2."""

    def response(self) -> JSONResponse:
        """Return the answer in the form of RFC 6749."""
        body = {"error": self.code, "error_description": self.message}
        return JSONResponse(body, self.status, {"Cache-Control": "no-store", **self.headers})
