"""The table `[hipaa.records]`: what probes of how records are kept need to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table
from clinigate.config.target_values import ResponsePath, Variable

__all__ = ["BackupTable", "RecordStoreTable", "RecordsTable", "ReplayTable", "SealingTable"]

_BACKUP = "{backup}"


def _check_restore(command: list[str]) -> list[str]:
    if command and not any(_BACKUP in word for word in command):
        raise ValueError(f"must have {_BACKUP} where the path of the backup belongs")
    return command


class RecordStoreTable(Table):
    """`[hipaa.records.store]`: where records lie, so that single rows of ours can be looked at."""

    sqlite: str | None = Field(
        default=None, description="SQLite file of the records, relative to this one"
    )
    dsn_env: Variable | None = Field(
        default=None,
        description="variable with the address of a PostgreSQL store, as the service itself has "
        "it: with its own role; [hipaa] store_dsn_env if not",
    )
    table: str = Field(description="table of the patients, as patients or care.patients")
    key: str = Field(default="id", description="its column with the id that `create` answers")
    sealed: list[str] = Field(
        default=[], description="its columns with ciphertext, each of at least 16 bytes"
    )
    audit: str | None = Field(default=None, description="table of the audit rows")

    @model_validator(mode="after")
    def _one_store(self) -> RecordStoreTable:
        if self.sqlite is not None and self.dsn_env is not None:
            raise ValueError("give one of sqlite and dsn_env")
        return self


class BackupTable(Table):
    """`[hipaa.records.backup]`: where backups lie, and how one is made and restored."""

    places: list[str] = Field(
        default=[], description="files and folders with backups, searched for what patients said"
    )
    scheduled: list[str] = Field(
        default=[],
        description="files and folders with those that a schedule makes, whose age counts; `places`"
        " if not",
    )
    rpo_s: float = Field(
        default=86_400.0,
        gt=0,
        description="recovery point objective: seconds that the newest backup may be old",
    )
    make: CallTable | None = Field(default=None, description="asks the service for a backup now")
    make_command: list[str] = Field(
        default=[], description="program that makes a backup now, in place of a request"
    )
    restore: Annotated[list[str], AfterValidator(_check_restore)] = Field(
        default=[],
        description="program that restores {backup} into the SQLite file {into}, which is not there"
        " yet, or into the empty server of `into_dsn_env`",
    )
    into_dsn_env: Variable | None = Field(
        default=None, description="variable with the address of an empty PostgreSQL to restore into"
    )
    passing: list[str] = Field(
        default=[], description="tables that no backup holds, as those of sessions"
    )

    @model_validator(mode="after")
    def _one_way(self) -> BackupTable:
        if self.make is not None and self.make_command:
            raise ValueError("give one of make and make_command")
        return self


class SealingTable(Table):
    """`[hipaa.records.sealing]`: how records are encrypted, as the service or its store says."""

    told: CallTable | None = Field(default=None, description="asks the service how it encrypts")
    file: str | None = Field(
        default=None, description="JSON, YAML or TOML file that says it, relative to this one"
    )
    command: list[str] = Field(default=[], description="program that prints it as JSON")
    algorithm: ResponsePath = Field(
        default="algorithm", description="where the algorithm stands there, as AES-256-GCM"
    )
    bits: ResponsePath = Field(
        default="key_bits", description="where the length of the key stands there, in bits"
    )
    query: str | None = Field(
        default=None,
        description="SQL query of the store: in each row of what it finds the first column is the "
        "algorithm as a record says it, as A256GCM",
    )
    least_bits: int = Field(default=256, ge=128, description="length that a key must have")

    @model_validator(mode="after")
    def _one_source(self) -> SealingTable:
        if sum((self.told is not None, self.file is not None, bool(self.command))) > 1:
            raise ValueError("give one of told, file and command")
        return self


class ReplayTable(Table):
    """`[hipaa.records.replay]`: a write that must be carried out once, however often it is sent."""

    write: CallTable = Field(
        description="writes something about {{patient}} that holds {{value}}, under {{nonce}}"
    )
    read: CallTable = Field(
        description="reads what was written about {{patient}}; `answer` is a list of it"
    )


class RecordsTable(Table):
    """`[hipaa.records]`: what probes of how records are kept need to know."""

    store: RecordStoreTable | None = None
    backup: BackupTable = BackupTable()
    sealing: SealingTable = SealingTable()
    replay: ReplayTable | None = None
    denied_role: str | None = Field(
        default=None,
        description="somebody of [hipaa.roles.NAME] who may not read the synthetic patients",
    )
