"""The policy file: TOML by the schema `clinigate.policy/1`, checked key by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clinigate.config.model import Digest
from clinigate.config.validation import read_toml, validate
from clinigate.controls import Control, load_catalogue
from clinigate.core.measurement import Scope
from clinigate.errors import ControlError, PolicyError
from clinigate.gate.policy import (
    BUILT_IN,
    ENVIRONMENTS,
    MACHINE,
    Demand,
    Demanded,
    Policy,
    SignOffDemand,
    nearest,
)
from clinigate.gate.record_terms import MAX_WAIVER_DAYS, Meaning

__all__ = ["SCHEMA", "read_policy"]

SCHEMA = "clinigate.policy/1"

Name = Annotated[str, Field(min_length=1, max_length=200)]
# TOML has types of its own: true is no limit and 1 is no yes.
Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CriterionTable(_Table):
    """`[[criteria]]` or `[[environments.NAME.criteria]]`: one criterion and what is asked of it."""

    id: Name
    demand: Demand | None = None
    limit: Number | None = None
    confidence: Number | None = Field(default=None, gt=0.5, lt=1)
    min_n: Whole | None = Field(default=None, ge=1)
    scope: Scope | None = None


class SignerTable(_Table):
    """`[environments.NAME.signers]`: whose signatures on a bundle count, and how many."""

    roles: list[Name] = Field(default=["machine"], min_length=1)
    threshold: Whole = Field(default=1, ge=1, le=20)


class RecordTable(_Table):
    """`[environments.NAME.records]`: whose waivers and attestations count, and for how long."""

    roles: list[Name] = []
    max_waiver_days: Whole = Field(default=MAX_WAIVER_DAYS, ge=1, le=MAX_WAIVER_DAYS)


class SignOffTable(_Table):
    """`[[environments.NAME.sign_offs]]`: a signature that each bundle needs."""

    meaning: Meaning
    role: Name


class EnvironmentTable(_Table):
    """`[environments.NAME]`: what this environment demands. The defaults are the strict ones."""

    certifies: Flag = True
    minimum_coverage: Number = Field(default=1.0, ge=0, le=1)
    max_age_days: Number = Field(default=30.0, gt=0, le=3660)
    require_signed: Flag = True
    controls: list[Name] = []
    bundles: list[Name] = []
    unnamed: Literal[Demand.NO_FAIL, Demand.REPORT] = Demand.NO_FAIL
    subject: dict[Name, Digest] = {}
    signers: SignerTable = SignerTable()
    records: RecordTable = RecordTable()
    sign_offs: list[SignOffTable] = []
    criteria: list[CriterionTable] = []


class EnvironmentTables(_Table):
    """`[environments]`."""

    development: EnvironmentTable | None = None
    staging: EnvironmentTable | None = None
    production: EnvironmentTable | None = None


class PolicyFile(_Table):
    """All of a policy file; `[[criteria]]` at the top holds for every environment in it."""

    schema_: Literal["clinigate.policy/1"] = Field(alias="schema")
    name: Name
    criteria: list[CriterionTable] = []
    environments: EnvironmentTables


def read_policy(path_or_builtin: str, environment: str) -> Policy:
    """Read a policy for one environment; `clinigate.gate.policy.load_policy` explains."""
    if environment not in ENVIRONMENTS:
        raise PolicyError(
            f"no environment is named {environment!r}; {nearest(environment, ENVIRONMENTS)}"
        )
    if path_or_builtin in BUILT_IN:
        resource = files("clinigate.gate.builtin") / f"{path_or_builtin}.toml"
        with as_file(resource) as path:
            return _read(path, f"built-in policy {path_or_builtin!r}", environment)
    path = Path(path_or_builtin)
    if path.suffix != ".toml" and not path.exists():
        raise PolicyError(
            f"no policy is named {path_or_builtin!r}; {nearest(path_or_builtin, BUILT_IN)}, "
            "or give the path of a .toml file"
        )
    return _read(path, str(path), environment)


def _read(path: Path, source: str, environment: str) -> Policy:
    file = validate(PolicyFile, read_toml(path, PolicyError), file=source, error=PolicyError)
    table: EnvironmentTable | None = getattr(file.environments, environment)
    if table is None:
        has = [name for name in ENVIRONMENTS if getattr(file.environments, name) is not None]
        raise PolicyError(
            f"{source}: says nothing of the environment {environment!r}; "
            f"it has {', '.join(has) or 'none'}"
        )
    return Policy(
        name=file.name,
        source=source,
        environment=environment,
        certifies=table.certifies,
        demands=_demands(file.criteria, table.criteria, f"{source}: environments.{environment}"),
        controls=_controls(table.controls, f"{source}: environments.{environment}.controls"),
        minimum_coverage=table.minimum_coverage,
        max_age_days=table.max_age_days,
        require_signed=table.require_signed,
        signer_roles=tuple(table.signers.roles),
        signer_threshold=table.signers.threshold,
        record_roles=tuple(table.records.roles),
        max_waiver_days=table.records.max_waiver_days,
        sign_offs=_sign_offs(table.sign_offs, f"{source}: environments.{environment}.sign_offs"),
        bundles=tuple(table.bundles),
        unnamed=table.unnamed,
        subject_digests=dict(table.subject),
    )


def _demands(
    common: Sequence[CriterionTable], own: Sequence[CriterionTable], where: str
) -> tuple[Demanded, ...]:
    """What the environment itself says of a criterion goes over what the file says for all."""
    for place, entries in (("criteria", common), (f"{where}.criteria", own)):
        _refuse_twice([entry.id for entry in entries], place)
    merged = {entry.id: entry for entry in common}
    for entry in own:
        said = entry.model_dump(exclude_unset=True)
        known = merged.get(entry.id, entry)
        merged[entry.id] = known.model_copy(update=said)
    return tuple(_demanded(entry, where) for entry in merged.values())


def _demanded(entry: CriterionTable, where: str) -> Demanded:
    if entry.demand is None:
        raise PolicyError(
            f"{where}, criterion {entry.id!r}: demand is missing; "
            f"give one of {', '.join(repr(str(each)) for each in Demand)}"
        )
    return Demanded(entry.id, entry.demand, entry.limit, entry.confidence, entry.min_n, entry.scope)


def _sign_offs(entries: Sequence[SignOffTable], where: str) -> tuple[SignOffDemand, ...]:
    if any(entry.role == MACHINE for entry in entries):
        raise PolicyError(
            f"{where}: role is {MACHINE!r}; a sign-off is a person's, name their role"
        )
    return tuple(SignOffDemand(entry.meaning, entry.role) for entry in entries)


def _controls(ids: Sequence[str], where: str) -> tuple[Control, ...]:
    _refuse_twice(ids, where)
    try:
        return tuple(load_catalogue().get(each) for each in ids)
    except ControlError as error:
        raise PolicyError(f"{where}: {error}") from error


def _refuse_twice(ids: Sequence[str], where: str) -> None:
    twice = [each for each, count in Counter(ids).items() if count > 1]
    if twice:
        raise PolicyError(f"{where}: {twice[0]!r} stands twice; say once what is asked of it")
