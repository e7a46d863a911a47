"""The table `[hipaa.traffic]`: what probes of what comes in and goes out need to know."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table
from clinigate.config.target_values import ResponsePath, Variable

__all__ = ["ActivityTable", "MessageTable", "NoticeTable", "TrafficTable", "UploadTable"]

_YEAR_S = 31_536_000


class UploadTable(CallTable):
    """How a file is sent in, with {{patient}}, {{name}}, {{media_type}} and {{base64}}."""

    sent_as: Literal["json", "multipart", "bytes"] = Field(
        default="json",
        description="json: `body` with {{base64}} in it; multipart: a form; bytes: the file itself",
    )
    part: str = Field(default="file", description="name of the file's part of a form")
    form: dict[str, str] = Field(
        default_factory=dict, description="further parts of a form, with the placeholders"
    )
    answer: ResponsePath = Field(
        default="id", description="where in the answer the file's id stands"
    )
    read: CallTable | None = Field(
        default=None,
        description="reads a file again, with {{patient}} and {{file}}: where files are taken in "
        "before they are looked at, one that is bad must not come back",
    )
    remove: CallTable | None = Field(
        default=None, description="removes a file, with {{patient}} and {{file}}"
    )


class MessageTable(CallTable):
    """`[hipaa.traffic.message]`: how a partner's message comes in, as a webhook or HL7.

    Placeholders of path, headers, body and text: {{id}} is the message's own, {{timestamp}} its
    time and {{mark}} says that it is synthetic; in headers also {{signature}}.
    """

    text: str | None = Field(
        default=None, description="the message where it is no JSON, as HL7; in place of `body`"
    )
    media_type: str = Field(default="application/json", description="its Content-Type")
    secret_env: Variable = Field(description="variable with the secret that signs it")
    written_as: Literal["text", "hex", "base64"] = Field(
        default="text", description="how the secret is written there"
    )
    signed: str = Field(
        default="{{id}}.{{timestamp}}.{{message}}",
        description="what the signature is of; {{message}} is the message as it is sent",
    )
    algorithm: Literal["sha256", "sha384", "sha512"] = Field(
        default="sha256", description="digest of the HMAC"
    )
    encoding: Literal["hex", "base64"] = Field(
        default="base64", description="how the signature is written"
    )
    timestamp: Literal["seconds", "milliseconds", "iso"] = Field(
        default="seconds", description="how the time is written"
    )
    window_s: float = Field(
        default=300.0, gt=0, description="seconds for which a message is good, before and after"
    )
    known_status: list[int] = Field(
        default=[],
        description="statuses below 300 that say of a message sent twice that it was not carried "
        "out again",
    )

    @model_validator(mode="after")
    def _signs_something(self) -> MessageTable:
        if (self.text is None) == (self.body is None):
            raise ValueError("give one of body and text")
        if not any("{{signature}}" in value for value in self.headers.values()):
            raise ValueError("headers: one must hold {{signature}}")
        if "{{message}}" not in self.signed:
            raise ValueError("signed must hold {{message}}")
        return self


class ActivityTable(Table):
    """`[hipaa.traffic.activity]`: what must not go unnoticed, and where it is told."""

    role: str = Field(description="who reads far too many records, as [hipaa.roles.NAME]")
    charts: int = Field(
        default=30, ge=2, le=500, description="how many synthetic patients they read in a row"
    )
    denied_role: str | None = Field(
        default=None,
        description="who asks again and again for a record that they may not read, as "
        "[hipaa.roles.NAME]",
    )
    denials: int = Field(default=15, ge=2, le=500, description="how often they ask")
    alerts: CallTable = Field(
        description="reads the alerts; `answer` is where the list of them stands"
    )
    actor: ResponsePath = Field(
        default="actor", description="where in an alert stands who it is about: their login"
    )
    within_s: float = Field(
        default=5.0, gt=0, le=300, description="seconds after which an alert must be there"
    )


class NoticeTable(CallTable):
    """`[hipaa.traffic.notice]`: where the notice of privacy practices is, and which is in force."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="GET", description="how"
    )
    version: str = Field(min_length=1, description="version of the notice that was signed")
    effective: str = Field(min_length=1, description="its date, as it stands in the notice")
    version_answer: ResponsePath | None = Field(
        default=None, description="where the version stands in a notice that is JSON"
    )
    effective_answer: ResponsePath | None = Field(
        default=None, description="where the date stands in a notice that is JSON"
    )
    document: str | None = Field(
        default=None,
        description="file of the notice as it was signed, relative to this one; what is served, or "
        "stands at `answer`, must be the same",
    )


class TrafficTable(Table):
    """`[hipaa.traffic]`: what probes of what comes in and goes out need to know."""

    sslyze: str = Field(default="sslyze", description="the program that tries ciphers, or its path")
    hsts_s: int = Field(
        default=_YEAR_S, ge=1, description="seconds for which browsers must be told to use HTTPS"
    )
    records: list[CallTable] = Field(
        default=[],
        description="further requests whose answers hold records, with the placeholders of "
        "[hipaa.patients]",
    )
    upload: UploadTable | None = Field(default=None, description="how a file is sent in")
    fhir_binary: UploadTable | None = Field(
        default=None, description="how a FHIR Binary is sent in"
    )
    message: MessageTable | None = None
    activity: ActivityTable | None = None
    notice: NoticeTable | None = None
