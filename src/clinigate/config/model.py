"""The tables of `clinigate.toml`. Unknown keys are refused; secrets stand in the environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clinigate.config.target import TargetSpec

__all__ = ["Config", "GateTable", "PacksTable", "RunTable", "SigningTable", "SubjectTable"]

Digest = Annotated[str, Field(pattern=r"^(sha256|sha384|sha512|gitCommit):[0-9a-f]{40,128}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SubjectTable(_Table):
    """`[subject]`: the system under test, as its owner names it."""

    name: str = Field(min_length=1, description="the system's name")
    version: str = "unversioned"
    intended_use: str = ""
    digests: dict[str, Digest] = Field(
        default_factory=dict, description="what is deployed, as image = 'sha256:…'"
    )
    exposed_to: list[str] | None = Field(
        default=None,
        description="packs ('crisis-en') or splits ('crisis-en#dev') that the system was built "
        "on; [] declares none, and left out nothing is declared",
    )


class RunTable(_Table):
    """`[run]`: how a run looks at the target."""

    seed: int = Field(default=0, ge=0)
    concurrency: int = Field(default=16, ge=1, le=1024)
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    repeats: int = Field(default=1, ge=1, le=100)
    split: Literal["dev", "held_out"] | None = None
    root: str = ".clinigate"


class PacksTable(_Table):
    """`[packs]`: scenario packs by kind; names of built-in packs or paths of YAML files."""

    crisis: list[str] = []
    hard_negative: list[str] = []
    emotion: list[str] = []
    therapeutic: list[str] = []
    counterfactual: list[str] = []


class GateTable(_Table):
    """`[gate]`: who decides."""

    policy: str = "default"
    environment: str = "development"
    trust: str | None = None


class SigningTable(_Table):
    """`[signing]`: where the machine's key is: `file:PATH` or `env:VARIABLE`."""

    key: str | None = Field(default=None, pattern=r"^(file|env):.+$")


class Config(_Table):
    """All of `clinigate.toml`."""

    subject: SubjectTable = SubjectTable(name="unnamed system")
    target: TargetSpec | None = None
    run: RunTable = RunTable()
    packs: PacksTable = PacksTable()
    gate: GateTable = GateTable()
    signing: SigningTable = SigningTable()
