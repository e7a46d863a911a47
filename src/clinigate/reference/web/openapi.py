"""The service's OpenAPI 3.1 document, as `/openapi.json` gives it.

It is written by hand; tests hold it against the routes, against what they answer, and against the
scopes and limits that they enforce.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinigate.reference import NOTICE
from clinigate.reference.care.people import CARE_SCOPES
from clinigate.reference.instruments import INSTRUMENTS
from clinigate.reference.web.care.route import CareRoute
from clinigate.reference.web.metrics import CONTENT_TYPE
from clinigate.reference.web.openapi_care import care_paths
from clinigate.reference.web.openapi_instruments import (
    EXAMPLES,
    INSTRUMENT_SCHEMAS,
    sheet_name,
    sheets_name,
)
from clinigate.reference.web.openapi_schemas import SCHEMAS, Schema, ref
from clinigate.reference.web.requests import MAX_BODY_BYTES, MOST_TRACES

__all__ = ["document"]

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_VERSION = "1.0.0"
_MEANING = {
    "chat": "converse",
    "consent": "record what patients agree to",
    "crisis": "have conversations looked through for a crisis",
    "emotion": "have the emotion of a message named",
    "instruments": "have questionnaires scored",
    "metrics": "read the counters",
    "traces": "read what happened after a disclosure",
}
_REFUSALS = {
    400: "The body is no JSON object, or no form.",
    401: "No credentials, or ones that are unknown or have expired.",
    403: "The token lacks the scope, or the patient has not agreed.",
    404: "There is none.",
    405: "The method is not offered here.",
    413: f"The body is longer than {MAX_BODY_BYTES} bytes.",
    415: "The body is not declared as JSON.",
    422: "A field is wrong; the message names it.",
    429: "More requests in a minute than this client may send.",
    503: "It could not be put on record, so it was not served.",
}
_TEXT_HEADER: Schema = {"required": True, "schema": {"type": "string"}}
_ADDED_HEADERS: Mapping[int, Schema] = {
    401: {"WWW-Authenticate": _TEXT_HEADER},
    405: {"Allow": _TEXT_HEADER},
    429: {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 0}}},
}
_TALK = {"messages": [{"role": "user", "content": "Good morning."}]}
_EXAMPLES = {
    "ChatRequest": _TALK,
    "Conversation": _TALK,
    "EmotionRequest": _TALK,
    "ConsentRequest": {"patient": "example", "granted": False, "text": "example"},
    **EXAMPLES,
}
_OF_ACCESS = (401, 403, 429, 503)
_OF_JSON = (400, 413, 415, 422)


def document(care: Sequence[CareRoute] = ()) -> dict[str, Any]:
    """Return the document, with the routes of records of care if there are any."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clinigate reference service",
            "version": _VERSION,
            "description": NOTICE,
        },
        "paths": {
            **_conversations(),
            **_instruments(),
            **_traces(),
            **_tokens(),
            **_about(),
            **care_paths(care),
        },
        "components": {
            "schemas": {**SCHEMAS, **INSTRUMENT_SCHEMAS},
            "responses": {str(status): _refusal(status, "Problem") for status in _REFUSALS},
            "securitySchemes": {
                "oauth2": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": "/oauth/token",
                            "scopes": {**_MEANING, **(CARE_SCOPES if care else {})},
                        }
                    },
                },
                "client": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Id and secret of a client, for /oauth/token alone.",
                },
            },
        },
        # What an operation does not say itself: none is open unless it says so.
        "security": [{"oauth2": []}],
    }


def _conversations() -> dict[str, Any]:
    completion = _answer("Completion", "The reply.")
    completion["content"]["text/event-stream"] = {
        "schema": {"description": "chunks as server-sent events, then [DONE]"}
    }
    return {
        "/v1/chat/completions": {
            "post": _operation(
                "chat",
                "Answer a conversation, whole or as a stream.",
                completion,
                body="ChatRequest",
                scope="chat",
                refusals=(404,),
            )
        },
        "/v1/crisis": {
            "post": _operation(
                "assessCrisis",
                "Say whether a conversation discloses a crisis.",
                _answer("Assessment", "What was found."),
                body="Conversation",
                scope="crisis",
            )
        },
        "/v1/emotion": {
            "post": _operation(
                "readEmotion",
                "Name the emotion of the last user message.",
                _answer("EmotionReading", "The emotion."),
                body="EmotionRequest",
                scope="emotion",
            )
        },
        "/v1/consent": {
            "post": _operation(
                "recordConsent",
                "Record that a patient agrees, or takes it back.",
                _answer("Consent", "What is on record now."),
                body="ConsentRequest",
                scope="consent",
            )
        },
    }


def _instruments() -> dict[str, Any]:
    paths = {}
    for name in INSTRUMENTS:
        place, title = f"/v1/instruments/{name}", name.capitalize()
        paths[f"{place}/score"] = _operation(
            f"score{title}",
            "Score one sheet.",
            _answer("Scoring", "What it comes to."),
            body=sheet_name(name),
            scope="instruments",
        )
        paths[f"{place}/scores"] = _operation(
            f"score{title}Sheets",
            "Score many sheets, of nobody in particular.",
            _answer("Scorings", "What they come to, in their order."),
            body=sheets_name(name),
            scope="instruments",
        )
    return {path: {"post": operation} for path, operation in paths.items()}


def _traces() -> dict[str, Any]:
    limit: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_TRACES, "default": 100}
    return {
        "/v1/crisis/traces": {
            "get": {
                **_operation(
                    "listTraces",
                    "List the newest crisis traces.",
                    _answer("TraceList", "The traces, the newest first."),
                    scope="traces",
                    refusals=(422,),
                ),
                "parameters": [{"name": "limit", "in": "query", "schema": limit}],
            }
        },
        "/v1/crisis/traces/{id}": {
            "get": {
                **_operation(
                    "readTrace",
                    "Return what happened after a disclosure.",
                    _answer("Trace", "The trace."),
                    scope="traces",
                    refusals=(404,),
                ),
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
            }
        },
    }


def _tokens() -> dict[str, Any]:
    operation = _operation(
        "issueToken",
        "Hand out a token. RFC 6749, section 4.4.",
        _answer("Token", "The token."),
        refusals=(413, 503),
    )
    operation["security"] = [{"client": []}, {}]
    operation["requestBody"] = {
        "required": True,
        "content": {_FORM: {"schema": ref("TokenRequest")}},
    }
    for status in (400, 401):
        operation["responses"][str(status)] = _refusal(status, "OAuthProblem")
    operation["responses"]["429"] = _refusal(429, "Problem")
    return {"/oauth/token": {"post": operation}}


def _about() -> dict[str, Any]:
    ready = _operation(
        "readiness",
        "Say whether requests can be served.",
        _answer("Readiness", "They can."),
        is_open=True,
    )
    ready["responses"]["503"] = _answer("Readiness", "They cannot: the records are lost.")
    counters = {"description": "The counters.", "content": {CONTENT_TYPE: _of_text()}}
    return {
        "/v1/models": {"get": _open("listModels", "List the one model.", "ModelList")},
        "/v1/model": {"get": _open("readModelCard", "Say what the model is.", "ModelCard")},
        "/health": {"get": _open("health", "Say that the process answers.", "Health")},
        "/ready": {"get": ready},
        "/metrics": {
            "get": _operation("metrics", "Return the counters.", counters, scope="metrics")
        },
        "/openapi.json": {"get": _open("openapi", "Return this document.", None)},
    }


def _of_text() -> Schema:
    return {"schema": {"type": "string"}}


def _open(name: str, summary: str, shape: str | None) -> dict[str, Any]:
    return _operation(name, summary, _answer(shape, "What was asked for."), is_open=True)


def _operation(
    name: str,
    summary: str,
    answer: dict[str, Any],
    *,
    body: str | None = None,
    scope: str | None = None,
    is_open: bool = False,
    refusals: tuple[int, ...] = (),
) -> dict[str, Any]:
    """One operation: what it takes, what it says, whom it lets in."""
    refused = {*refusals, 405, *(_OF_ACCESS if scope else ()), *(_OF_JSON if body else ())}
    responses = {"200": answer}
    responses |= {str(n): {"$ref": f"#/components/responses/{n}"} for n in sorted(refused)}
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": responses}
    if body is not None:
        media = {"schema": ref(body), "example": _EXAMPLES[body]}
        operation["requestBody"] = {"required": True, "content": {_JSON: media}}
    if scope is not None:
        operation["security"] = [{"oauth2": [scope]}]
    if is_open:
        operation["security"] = []
    return operation


def _answer(shape: str | None, text: str) -> dict[str, Any]:
    schema = {"type": "object"} if shape is None else ref(shape)
    return {
        "description": text,
        "headers": {"X-Request-Id": _TEXT_HEADER},
        "content": {_JSON: {"schema": schema}},
    }


def _refusal(status: int, shape: str) -> dict[str, Any]:
    answer = _answer(shape, _REFUSALS[status])
    answer["headers"] |= _ADDED_HEADERS.get(status, {})
    return answer
