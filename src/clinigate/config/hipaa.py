"""The table `[hipaa]`: what of the service the HIPAA checks may see.

The service itself stands in `[target]`. No secret stands here: credentials are named by the
environment variable that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from clinigate.config.hipaa_access import AccessTable
from clinigate.config.hipaa_accounts import AccountsTable
from clinigate.config.hipaa_call import LoginTable, PatientsTable, SafetyTable
from clinigate.config.hipaa_lifecycle import LifecycleTable
from clinigate.config.hipaa_records import RecordsTable
from clinigate.config.hipaa_rights import RightsTable
from clinigate.config.hipaa_traffic import TrafficTable
from clinigate.config.table import Table
from clinigate.config.target_values import ServicePath, Url, Variable

__all__ = [
    "AuditTable",
    "ConsentTable",
    "HipaaTable",
    "IntegrityTable",
    "RetentionTable",
    "RoleTable",
    "TransmissionTable",
]

_COPY = "{copy}"

Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days", "weeks", "months", "years"]
_SPELLED: dict[Unit, tuple[str, ...]] = {
    "milliseconds": ("ms", "millis"),
    "seconds": ("s", "sec", "secs"),
    "minutes": ("min", "mins"),
    "hours": ("h", "hrs"),
    "days": ("d",),
    "weeks": ("w",),
    "months": (),
    "years": ("y",),
}
_UNIT_WORDS: Mapping[str, Unit] = MappingProxyType(
    {word: unit for unit, words in _SPELLED.items() for word in (unit, unit[:-1], *words)}
)


def _check_verifier(command: list[str]) -> list[str]:
    if command and not any(_COPY in word for word in command):
        raise ValueError(f"must have {_COPY} where the path of the copy belongs")
    return command


Verifier = Annotated[list[str], AfterValidator(_check_verifier)]


class RoleTable(Table):
    """`[hipaa.roles.NAME]`: somebody who may use the service, but not all of it."""

    bearer_env: Variable | None = Field(
        default=None, description="variable with the role's token; or they log in"
    )
    login: str | None = Field(
        default=None, description="who logs in by [hipaa.login], in place of a token"
    )
    password_env: Variable | None = Field(default=None, description="variable with the password")
    totp_env: Variable | None = Field(
        default=None, description="variable with the secret of the second factor, in base 32"
    )
    facility: str | None = Field(default=None, description="where they work; everywhere if not")
    patient: str | None = Field(
        default=None, description="whose record is theirs, where they are a patient: its id"
    )
    scopes: list[str] = Field(
        default=[],
        description="what the role may do, as the OpenAPI document names it; routes that ask for "
        "anything else must refuse it",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> RoleTable:
        if (self.bearer_env is None) == (self.login is None):
            raise ValueError("give one of bearer_env and login")
        if self.login is not None and self.password_env is None:
            raise ValueError("login is given without password_env")
        return self


class AuditTable(Table):
    """`[hipaa.audit]`: where the audit rows are, and how they are read."""

    file: str | None = Field(default=None, description="file of JSON lines, relative to this one")
    command: list[str] = Field(
        default=[], description="program that prints all rows as JSON lines, in place of a file"
    )
    actor: str = Field(default="actor", description="member of a row: who")
    target_actor: str | None = Field(
        default=None,
        description="who the rows must name where the target's own credentials were used",
    )
    time: str = Field(default="time", description="member of a row: when, ISO 8601 or epoch")
    patient: str | None = Field(default=None, description="member of a row: whose record it was")
    outcome: str = Field(default="outcome", description="member of a row: how it ended")
    request: str | None = Field(
        default=None, description="member of a row: the request's id, as in request_header"
    )
    request_header: str = Field(
        default="x-request-id", description="header of an answer that holds the request's id"
    )
    verify: Verifier = Field(
        default=[],
        description="the service's own verifier, with {copy} where the path of a copy belongs; it "
        "ends with 0 for an intact copy alone",
    )

    @model_validator(mode="after")
    def _one_source(self) -> AuditTable:
        if self.file is not None and self.command:
            raise ValueError("give one of file and command")
        return self


class IntegrityTable(Table):
    """`[hipaa.integrity]`: how the service notices a record that was altered."""

    store: str | None = Field(
        default=None, description="SQLite file of the records; a copy of it is altered, never it"
    )
    verify: Verifier = Field(
        default=[], description="the service's own verifier of a copy of it, as that of the audit"
    )


class RetentionTable(Table):
    """`[hipaa.retention]`: the setting that says for how long records are kept."""

    file: str = Field(description="TOML, YAML or JSON file that holds it, relative to this one")
    key: str = Field(min_length=1, description="where it stands there, as audit.retention_days")
    unit: Unit = Field(default="days", description="what the number counts")

    @model_validator(mode="after")
    def _as_it_is_named(self) -> RetentionTable:
        said = _UNIT_WORDS.get(re.split(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])", self.key)[-1].lower())
        if said is not None and said != self.unit:
            raise ValueError(f"unit is {self.unit}, and key is named after {said}")
        return self


class TransmissionTable(Table):
    """`[hipaa.transmission]`: further addresses at which nothing may be had in clear."""

    plain: list[Url] = Field(
        default=[], description="addresses as http://host:80, at which nothing may be served"
    )


class ConsentTable(Table):
    """`[hipaa.consent]`: how a patient's consent is recorded, with {{patient}} for who it is."""

    path: ServicePath = Field(description="where it is recorded, below [target] base_url")
    method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="how")
    give: dict[str, Any] = Field(description="body that records it")
    withdraw: dict[str, Any] = Field(description="body that takes it back")
    chat: dict[str, Any] = Field(
        min_length=1, description="what is added to the body of a chat to say who speaks"
    )


class HipaaTable(Table):
    """`[hipaa]`: what of the service the HIPAA checks may see."""

    openapi: str = Field(
        default="/openapi.json",
        description="where the service's OpenAPI document is: a path below its host, or a file",
    )
    test_environment: bool = Field(
        default=False,
        description="true states that the service is a test one: no patient is served by it and a "
        "crisis pages nobody. Without it no crisis is spoken of, no consent recorded, and of the "
        "document's operations those alone are tried that read",
    )
    open: list[str] = Field(
        default=[],
        description="operations that anyone may use, as 'GET /health', beside those that the "
        "document leaves open",
    )
    attestations: str = Field(
        default="hipaa-attestations.toml", description="file of the dated attestations"
    )
    stores: list[str] = Field(
        default=[], description="files and folders of the store, searched byte by byte"
    )
    store_dsn_env: Variable | None = Field(
        default=None,
        description="variable with the address of a PostgreSQL store, as postgresql://…: its rows "
        "are searched, all of them",
    )
    logs: list[str] = Field(default=[], description="files and folders of logs")
    patience_s: float = Field(
        default=2.0,
        gt=0,
        le=300,
        description="seconds that audit rows, logs and stores may lag behind an answer",
    )
    expired_token_env: Variable | None = Field(
        default=None, description="variable with a token whose time is over"
    )
    roles: dict[str, RoleTable] = Field(
        default_factory=dict, description="people who may use a part of the service"
    )
    audit: AuditTable = AuditTable()
    integrity: IntegrityTable = IntegrityTable()
    retention: RetentionTable | None = None
    transmission: TransmissionTable = TransmissionTable()
    consent: ConsentTable | None = None
    login: LoginTable | None = None
    patients: PatientsTable | None = None
    safety: SafetyTable = SafetyTable()
    accounts: AccountsTable = AccountsTable()
    access: AccessTable = AccessTable()
    records: RecordsTable = RecordsTable()
    rights: RightsTable = RightsTable()
    lifecycle: LifecycleTable = LifecycleTable()
    traffic: TrafficTable = TrafficTable()
