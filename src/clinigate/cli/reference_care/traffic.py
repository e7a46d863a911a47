"""`[hipaa.traffic]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_SECRET = "CLINIGATE_REFERENCE_MESSAGE_SECRET"  # noqa: S105 - the name of a variable


def tables(_connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    from clinigate.reference.web.care.traffic import NOTICE_DATE, NOTICE_VERSION

    one = "/v1/patients/{{patient}}/files/{{file}}"
    return {
        "traffic": {
            "upload": {
                "path": "/v1/patients/{{patient}}/files",
                "body": {
                    "name": "{{name}}", "media_type": "{{media_type}}", "content": "{{base64}}"
                },
                "read": {"path": one, "method": "GET"},
                "remove": {"path": one, "method": "DELETE"},
            },
            "fhir_binary": {
                "path": "/fhir/Binary",
                "body": {
                    "resourceType": "Binary",
                    "contentType": "{{media_type}}",
                    "data": "{{base64}}",
                },
            },
            "message": {
                "path": "/v1/messages",
                "body": {"kind": "result", "text": "{{mark}}"},
                "secret_env": _SECRET,
                "headers": {
                    "Webhook-Id": "{{id}}",
                    "Webhook-Timestamp": "{{timestamp}}",
                    "Webhook-Signature": "v1,{{signature}}",
                },
            },
            "activity": {
                "role": "clinician_north",
                "denied_role": "clinician_south",
                "alerts": {
                    "path": "/v1/activity/alerts",
                    "method": "GET",
                    "role": "auditor",
                    "answer": "alerts",
                },
                "within_s": 1.0,
            },
            "notice": {
                "path": "/privacy-notice",
                "version": NOTICE_VERSION,
                "version_answer": "version",
                "effective": NOTICE_DATE,
                "effective_answer": "effective",
            },
        }
    }  # fmt: skip


def environment(connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    from clinigate.reference.care.traffic_messages import message_secret
    from clinigate.reference.credentials import key_of
    from clinigate.reference.records.sealing import Sealer

    return {_SECRET: message_secret(Sealer(key_of(connection.store_key), "records of care"))}
