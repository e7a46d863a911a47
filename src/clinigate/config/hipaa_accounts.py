"""The table `[hipaa.accounts]`: what probes of people and their sessions need to know.

Probes add synthetic accounts, use them and remove them. Placeholders: {{name}} is a fresh name,
{{login}} and {{password}} are what an account logs in with, {{account}} is the id that `add`
answered.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table
from clinigate.config.target_values import ResponsePath, Variable

__all__ = ["AccountsTable", "DigestsTable", "EmergencyTable", "PasswordsTable", "RolesTable"]


class RolesTable(Table):
    """`[hipaa.accounts.roles]`: how an account is given another role, with {{role}}."""

    change: CallTable = Field(description="gives {{account}} the role {{role}}")
    before: str = Field(min_length=1, description="the role that `add` gives")
    after: str = Field(min_length=1, description="a role that may not do what `use` does")
    actor: str | None = Field(
        default=None, description="who the audit row of the change must name; anybody if not"
    )


class PasswordsTable(Table):
    """`[hipaa.accounts.passwords]`: how passwords are changed and set anew."""

    weak: list[str] = Field(
        default=["12345678", "password", "qwerty123456", "password1234", "letmein12345"],
        min_length=1,
        description="passwords that must be refused: short ones, and ones known from breaches",
    )
    change: CallTable | None = Field(
        default=None,
        description="an account changes its own, from {{old_password}} to {{password}}; it is sent "
        "with the token of its session",
    )
    begin_reset: CallTable | None = Field(
        default=None,
        description="asks that the password of {{account}} be set anew; `answer` is where the "
        "token of it stands, which a test environment may tell",
    )
    reset: CallTable | None = Field(
        default=None,
        description="sets it to {{password}} with {{reset_token}}; sent without credentials",
    )
    reset_lasts_s: float | None = Field(
        default=None, gt=0, description="seconds after which the token of a reset is good no more"
    )

    @model_validator(mode="after")
    def _both(self) -> PasswordsTable:
        if (self.begin_reset is None) != (self.reset is None):
            raise ValueError("give both of begin_reset and reset, or neither")
        return self


class DigestsTable(Table):
    """`[hipaa.accounts.digests]`: how the digests of passwords are read from the store."""

    file: str | None = Field(default=None, description="SQLite file that holds them")
    dsn_env: Variable | None = Field(
        default=None, description="variable with the address of a PostgreSQL store, in its place"
    )
    query: str = Field(
        min_length=1,
        description="SELECT that yields one digest a row, those of all accounts, and nothing else",
    )

    @model_validator(mode="after")
    def _one_store(self) -> DigestsTable:
        if (self.file is None) == (self.dsn_env is None):
            raise ValueError("give one of file and dsn_env")
        return self


class EmergencyTable(Table):
    """`[hipaa.accounts.emergency]`: how somebody reads a record that they may not, when they must.

    The placeholders of `[hipaa.patients]` are filled, and {{reason}}.
    """

    begin: CallTable = Field(description="asks for it; `role` is who asks, and who may not read")
    lasts_s: float | None = Field(
        default=None, gt=0, description="seconds after which it ends by itself"
    )
    flag: str | None = Field(
        default=None, min_length=1, description="text that audit rows of such an access hold"
    )
    alerts: CallTable | None = Field(
        default=None, description="reads the alerts; `answer` is where they stand"
    )
    alerts_file: str | None = Field(default=None, description="file of alerts, in place of that")
    alert_names: str = Field(
        default="{{patient}}", description="what an alert holds, by which it is known"
    )

    @model_validator(mode="after")
    def _as_a_role(self) -> EmergencyTable:
        if self.begin.role is None:
            raise ValueError("begin is given without role: say who may not read the record")
        if self.alerts is not None and self.alerts_file is not None:
            raise ValueError("give one of alerts and alerts_file")
        return self


class AccountsTable(Table):
    """`[hipaa.accounts]`: what probes of people, their sessions and passwords need to know."""

    add: CallTable | None = Field(
        default=None,
        description="adds a synthetic account, with {{login}} and {{password}}; `answer` is where "
        "its id stands",
    )
    login: str = Field(
        default="{{name}}", description="what a login looks like, as {{name}}@clinic.example"
    )
    secret_answer: ResponsePath | None = Field(
        default=None,
        description="where in the answer of `add` the secret of the second factor stands, in base "
        "32",
    )
    remove: CallTable | None = Field(default=None, description="removes {{account}}")
    disable: CallTable | None = Field(
        default=None, description="disables {{account}}, as when somebody leaves"
    )
    use: CallTable | None = Field(
        default=None,
        description="what an account may do: it is sent with the token of its session, to see "
        "whether that is good",
    )
    takes_effect_s: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="seconds that a change of an account may take to be felt",
    )
    locked_after: int = Field(
        default=10, ge=1, le=100, description="log-ins that fail before an account is locked"
    )
    source: str | None = Field(
        default=None, description="member of an audit row: where a request came from"
    )
    roles: RolesTable | None = None
    passwords: PasswordsTable = PasswordsTable()
    digests: DigestsTable | None = None
    emergency: EmergencyTable | None = None
