"""How one request of the service looks: what probes send, with placeholders for whom it is about.

`{{name}}` stands in a path, a header or a body; each table says which names it fills.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from clinigate.config.table import Table
from clinigate.config.target_values import ResponsePath, ServicePath

__all__ = ["CallTable", "LoginTable", "PatientsTable", "SafetyTable"]


class CallTable(Table):
    """One request: `method`, `path` below `[target] base_url`, and what goes with it."""

    path: ServicePath = Field(description="where, below [target] base_url, with {{placeholders}}")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="POST", description="how"
    )
    body: dict[str, Any] | None = Field(default=None, description="sent as JSON; none is sent bare")
    headers: dict[str, str] = Field(default_factory=dict, description="headers beside the usual")
    role: str | None = Field(
        default=None, description="who asks, as [hipaa.roles.NAME]; the target's credentials if not"
    )
    answer: ResponsePath = Field(
        default="@", description="where in the answer stands what is looked for, as JMESPath"
    )


class LoginTable(CallTable):
    """`[hipaa.login]`: how somebody logs in, with {{login}}, {{password}} and {{otp}}."""

    answer: ResponsePath = Field(
        default="access_token", description="where in the answer the token stands"
    )
    refresh_answer: ResponsePath | None = Field(
        default=None, description="where in the answer the refresh token stands"
    )
    refresh: CallTable | None = Field(
        default=None, description="how a session is gone on with, with {{refresh}}"
    )
    idle_timeout_s: float | None = Field(
        default=None, gt=0, description="seconds without a request after which a session ends"
    )
    longest_wait_s: float = Field(
        default=30.0, ge=0, description="seconds that a probe waits for a session to end, at most"
    )


class PatientsTable(Table):
    """`[hipaa.patients]`: how records of synthetic patients are written, read and removed.

    Placeholders: {{patient}} is the id that `create` answered; {{family_name}}, {{mrn}},
    {{member_id}}, {{email}}, {{ssn}} and {{ssn_digits}} are of the synthetic patient, {{facility}}
    is where they are treated and {{mark}} says that they are synthetic.
    """

    create: CallTable = Field(description="adds one; `answer` is where its id stands")
    read: CallTable = Field(description="reads one; `answer` is where the record stands")
    change: CallTable | None = Field(
        default=None, description="changes one, with {{value}} for the new text of `changed` and "
        "{{version}} for what `version` said"
    )  # fmt: skip
    remove: CallTable | None = Field(default=None, description="removes one")
    search: CallTable | None = Field(default=None, description="finds some, with {{mrn}}")
    version_header: str | None = Field(
        default=None, description="header of what `read` answers that says which version it is"
    )
    changed: str = Field(default="email", description="the member of the record that `change` sets")
    facilities: list[str] = Field(default=[], description="where patients are treated")


class SafetyTable(Table):
    """`[hipaa.safety]`: how much probes may ask of the service."""

    allow_destructive: bool = Field(
        default=False,
        description="true lets probes lock out an account of their own or alter a record of their "
        "own in the store; also --allow-destructive",
    )
    production: bool = Field(
        default=False,
        description="true states that patients are served: nothing is written, whatever else stands"
        " here",
    )
    most_requests: int = Field(
        default=20_000, ge=1, description="requests that a run may send; what is over is not tried"
    )
    most_per_second: float = Field(
        default=200.0, gt=0, description="requests that are sent in a second, at most"
    )
    run_header: str = Field(
        default="X-Clinigate-Run", description="header with the run's id in every request"
    )
