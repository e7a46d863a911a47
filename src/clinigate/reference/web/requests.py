"""From bytes to a request that makes sense, or to one clear sentence why it does not."""

from __future__ import annotations

import re
from typing import Any, Literal

from starlette.requests import Request

from clinigate.core.canonical import parse_json
from clinigate.core.case import Turn
from clinigate.reference.web.problems import Problem

__all__ = [
    "LONGEST_NAME",
    "MAX_BODY_BYTES",
    "MAX_MESSAGES",
    "MOST_TRACES",
    "ROLES",
    "SAYS_SOMETHING",
    "json_object",
    "limited_body",
    "messages_of",
    "optional_bool",
    "optional_name",
    "required_bool",
    "required_name",
]

MAX_BODY_BYTES = 256 * 1024
MAX_MESSAGES = 200
MOST_TRACES = 1000
LONGEST_NAME = 200
SAYS_SOMETHING = r"[^\s\u001c-\u001f\u0085\ufeff]"
"""What is text and no mere white space; the same characters in every dialect of expressions."""

ROLES: dict[str, Literal["user", "assistant", "system"]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


async def limited_body(request: Request) -> bytes:
    """Read the body.

    Raises:
        Problem: 413 as soon as it is known to be longer than `MAX_BODY_BYTES`.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise _too_long()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_long()
    return bytes(body)


async def json_object(request: Request) -> dict[str, Any]:
    """Read the body as one JSON object.

    Raises:
        Problem: 413 too long, 415 not declared as JSON, 400 not a JSON object.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "unsupported_media_type", "send Content-Type: application/json")
    body = await limited_body(request)
    try:
        value = parse_json(body)
    except (ValueError, RecursionError) as error:
        problem = Problem(400, "invalid_json", "the body is not valid JSON in UTF-8")
        problem.unread = body
        raise problem from error
    if not isinstance(value, dict):
        raise Problem(400, "invalid_json", "the body must be one JSON object")
    return value


def messages_of(body: dict[str, Any]) -> tuple[Turn, ...]:
    """Return the conversation under `messages`.

    Raises:
        Problem: 422 that names the first field that is wrong.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "must be a list with at least one message")
    if len(messages) > MAX_MESSAGES:
        raise _wrong("messages", f"has {len(messages)} entries; at most {MAX_MESSAGES} are read")
    turns = tuple(_turn(message, f"messages[{i}]") for i, message in enumerate(messages))
    if not any(turn.role == "user" and re.search(SAYS_SOMETHING, turn.text) for turn in turns):
        raise _wrong("messages", "holds no message with role user and text in it")
    return turns


def optional_bool(body: dict[str, Any], field: str) -> bool:
    """Return a flag that may be left out.

    Raises:
        Problem: 422 when it is there and is no boolean.
    """
    value = body.get(field)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _wrong(field, "must be true or false")


def required_bool(body: dict[str, Any], field: str) -> bool:
    """Return a flag; raises as `optional_bool`, where it is left out as well."""
    if body.get(field) is None:
        raise _wrong(field, "must be true or false")
    return optional_bool(body, field)


def required_name(body: dict[str, Any], field: str, *, longest: int = LONGEST_NAME) -> str:
    """Return a short text, of `longest` characters at most.

    Raises:
        Problem: 422 when it is none, is empty or too long.
    """
    value = body.get(field)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise _wrong(field, f"must be text of 1 to {longest} characters")
    return _content(value, field)


def optional_name(body: dict[str, Any], field: str) -> str | None:
    """Return a short text, or None where it is left out; raises as `required_name`."""
    return None if body.get(field) is None else required_name(body, field)


def _turn(message: Any, where: str) -> Turn:
    if not isinstance(message, dict):
        raise _wrong(where, "must be an object with role and content")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise _wrong(f"{where}.role", f"must be one of {', '.join(ROLES)}")
    return Turn(ROLES[role], _content(message.get("content"), f"{where}.content"))


def _content(content: Any, where: str) -> str:
    if isinstance(content, list):
        return "\n".join(_part(part, f"{where}[{i}]") for i, part in enumerate(content))
    if not isinstance(content, str):
        raise _wrong(where, "must be text, or a list of parts of type text")
    try:
        content.encode("utf-8")
    except UnicodeEncodeError:
        raise _wrong(where, "holds half of a surrogate pair, which is no character") from None
    return content


def _part(part: Any, where: str) -> str:
    if not isinstance(part, dict) or part.get("type") != "text":
        raise _wrong(where, "must be a part of type text; this service reads nothing else")
    text = part.get("text")
    if not isinstance(text, str):
        raise _wrong(f"{where}.text", "must be text")
    return _content(text, f"{where}.text")


def _wrong(field: str, what: str) -> Problem:
    return Problem(422, "invalid_request", f"{field} {what}")


def _too_long() -> Problem:
    return Problem(413, "body_too_large", f"the body is longer than {MAX_BODY_BYTES} bytes")
