"""The routes of records of care in the OpenAPI document, made of the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from clinigate.reference.web.care.route import CareRoute

__all__ = ["care_paths"]

_OBJECT = {"type": "object"}
_JSON = "application/json"
_DONE = ("200", "201")
_NAME = re.compile(r"\{(\w+)\}")


def care_paths(routes: Sequence[CareRoute]) -> dict[str, Any]:
    """Return the paths of the document."""
    paths: dict[str, Any] = {}
    for each in routes:
        if each.summary:
            paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return paths


def _operation(route: CareRoute) -> dict[str, Any]:
    answers = {"200": "It is done.", **{str(code): text for code, text in route.answers.items()}}
    refusals = {401, 403, 429, 503} if route.scope is not None else {429, 503}
    if route.example is not None:
        refusals |= {400, 413, 415, 422}
        answers["201"] = "It is made."
    found: dict[str, Any] = {
        "operationId": _id_of(route),
        "summary": route.summary,
        "security": [] if route.scope is None else [{"oauth2": [route.scope]}],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _NAME.findall(route.path)
        ],
        "responses": {
            **{
                code: _answer(text, route.media if code in _DONE else _JSON)
                for code, text in answers.items()
            },
            **{
                str(code): {"$ref": f"#/components/responses/{code}"}
                for code in sorted(refusals)
                if str(code) not in answers
            },
        },
    }
    if route.example is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _OBJECT, "example": route.example}},
        }
    return found


def _answer(text: str, media: str) -> dict[str, Any]:
    return {"description": text, "content": {media: {"schema": _OBJECT}}}


def _id_of(route: CareRoute) -> str:
    return "-".join([route.method.lower(), *re.findall(r"\w+", route.path)])
