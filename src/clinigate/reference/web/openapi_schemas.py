"""The shapes of what the service takes and says, as JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinigate.reference.crisis.trace import EventName
from clinigate.reference.web.requests import (
    LONGEST_NAME,
    MAX_MESSAGES,
    ROLES,
    SAYS_SOMETHING,
)

__all__ = ["SCHEMAS", "Schema", "list_of", "patient", "ref", "shape"]

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_PATIENT: Schema = {
    **_NAME,
    "type": ["string", "null"],
    "description": "the patient who speaks; one who did not agree is served in a crisis alone",
}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SECONDS: Schema = {"type": "number", "description": "seconds since the epoch"}


def patient() -> Schema:
    """The patient whom a request is about."""
    return dict(_PATIENT)


def ref(name: str) -> Schema:
    """Refer to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(item: Schema, **limits: Any) -> Schema:
    """A list of `item`."""
    return {"type": "array", "items": item, **limits}


def shape(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **more: Any
) -> Schema:
    """An answer's object: these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _asked(properties: Mapping[str, Schema], *required: str, **more: Any) -> Schema:
    # What a client adds beyond these is left alone, as the API that this follows has many more.
    return {"type": "object", "properties": dict(properties), "required": list(required), **more}


_PART = _asked({"type": {"const": "text"}, "text": _TEXT}, "type", "text")
_WORDS: Schema = {"type": "string", "pattern": SAYS_SOMETHING}
_SAYS_SOMETHING = _asked(
    {
        "role": {"const": "user"},
        "content": {
            "anyOf": [_WORDS, {"type": "array", "contains": _asked({"text": _WORDS}, "text")}]
        },
    },
    "role",
    "content",
)
_MESSAGE = _asked(
    {"role": {"enum": list(ROLES)}, "content": {"anyOf": [_TEXT, list_of(ref("ContentPart"))]}},
    "role",
    "content",
)
_MESSAGES = list_of(
    ref("Message"),
    minItems=1,
    maxItems=MAX_MESSAGES,
    contains=_SAYS_SOMETHING,
    description="At least one message of the user has text in it.",
)
_SAFETY_EVENT = shape(
    {
        "type": {"const": "crisis_disclosure"},
        "message": {**_COUNT, "description": "index of the message that discloses"},
        "family": _TEXT,
        "severity": _TEXT,
        "score": _SHARE,
    }
)
_SAFETY = {"crisis": _FLAG, "score": _SHARE, "events": list_of(ref("SafetyEvent"))}
_DEGRADED = {
    "degraded": {"const": True},
    "degraded_by": list_of(_TEXT, minItems=1, description="dependencies it was done without"),
}
_CHOICE = shape(
    {
        "index": {"const": 0},
        "message": shape({"role": {"const": "assistant"}, "content": _TEXT}),
        "finish_reason": {"const": "stop"},
    }
)
_TRACE_EVENT = shape(
    {
        "event": {"enum": [name.value for name in EventName]},
        "at": _SECONDS,
        "replica": _TEXT,
        "detail": {"type": "object"},
    }
)
_AUDIT_ROW = shape({"chain": _TEXT, "seq": _COUNT, "action": _TEXT, "time": _TEXT, "hash": _TEXT})

SCHEMAS: Mapping[str, Schema] = {
    "Problem": shape({"error": shape({"code": _TEXT, "message": _TEXT})}),
    "OAuthProblem": shape({"error": _TEXT, "error_description": _TEXT}),
    "TokenRequest": _asked(
        {
            "grant_type": {"const": "client_credentials"},
            "client_id": _TEXT,
            "client_secret": _TEXT,
            "scope": {**_TEXT, "description": "separated by blanks; without it, all that is held"},
        },
        "grant_type",
        description="The client may name itself by HTTP Basic instead.",
    ),
    "Token": shape(
        {
            "access_token": _TEXT,
            "token_type": {"const": "Bearer"},
            "expires_in": {**_COUNT, "description": "seconds"},
            "scope": _TEXT,
        }
    ),
    "ContentPart": _PART,
    "Message": _MESSAGE,
    "Conversation": _asked({"messages": _MESSAGES}, "messages"),
    "ChatRequest": _asked(
        {
            "messages": _MESSAGES,
            "model": {**_TEXT, "description": "the one that /v1/models names, or left out"},
            "stream": {"type": ["boolean", "null"]},
            "user": _PATIENT,
        },
        "messages",
    ),
    "EmotionRequest": _asked({"messages": _MESSAGES, "user": _PATIENT}, "messages"),
    "ConsentRequest": _asked(
        {
            "patient": _NAME,
            "granted": {**_FLAG, "description": "false takes it back"},
            "text": {**_NAME, "description": "version of the text that the patient was shown"},
        },
        "patient",
        "granted",
        "text",
    ),
    "Consent": shape({"granted": _FLAG, "text": _NAME}),
    "SafetyEvent": _SAFETY_EVENT,
    "Safety": shape(
        {
            **_SAFETY,
            "escalation": list_of(
                {"enum": [EventName.DETECTED.value, EventName.INITIATED.value]},
                description="events raised for a crisis, on record before the reply was sent",
            ),
        },
        {"trace": _TEXT},
    ),
    "Completion": shape(
        {
            "id": _TEXT,
            "object": {"const": "chat.completion"},
            "created": _COUNT,
            "model": _TEXT,
            "choices": list_of(_CHOICE, minItems=1, maxItems=1),
            "usage": shape(
                {"prompt_tokens": _COUNT, "completion_tokens": _COUNT, "total_tokens": _COUNT}
            ),
            "safety": ref("Safety"),
        },
        _DEGRADED,
    ),
    "Assessment": shape(_SAFETY, _DEGRADED),
    "EmotionReading": shape(
        {"emotion": _TEXT, "scores": {"type": "object", "additionalProperties": _SHARE}}
    ),
    "TraceEvent": _TRACE_EVENT,
    "TraceAudit": _AUDIT_ROW,
    "Trace": shape(
        {
            "trace": _TEXT,
            "complete": _FLAG,
            "conversation": {"type": ["string", "null"]},
            "events": list_of(ref("TraceEvent")),
            "audit": list_of(ref("TraceAudit")),
        }
    ),
    "TraceList": shape(
        {"traces": list_of(shape({"trace": _TEXT, "complete": _FLAG, "at": _SECONDS}))}
    ),
    "ModelList": shape(
        {
            "object": {"const": "list"},
            "data": list_of(
                shape(
                    {
                        "id": _TEXT,
                        "object": {"const": "model"},
                        "created": _COUNT,
                        "owned_by": _TEXT,
                    }
                )
            ),
        }
    ),
    "ModelCard": shape(
        {
            "model": _TEXT,
            "method": _TEXT,
            "fitted_to": _TEXT,
            "exposed_to": list_of(_TEXT),
            "packs": list_of(_TEXT),
            "limits": list_of(_TEXT),
            "locale": _TEXT,
            "notice": _TEXT,
        }
    ),
    "Health": shape(
        {"status": {"const": "ok"}, "model": _TEXT, "fitted_to": _TEXT, "notice": _TEXT}
    ),
    "Readiness": shape({"ready": _FLAG}, {"lost": list_of(_TEXT)}),
}
"""Every shape by its name."""
