"""The tables of `clinigate.toml`. Unknown keys are refused; secrets stand in the environment."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from clinigate.config.target import TargetSpec

__all__ = [
    "Config",
    "Digest",
    "GateTable",
    "KeyPlace",
    "PacksTable",
    "RunTable",
    "SigningTable",
    "SubjectTable",
    "check_digest",
]

_DIGEST = re.compile(
    r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|"
    r"gitCommit:(?:[0-9a-f]{40}|[0-9a-f]{64})"
)


def check_digest(text: str) -> str:
    """Return a digest of what is deployed.

    Raises:
        ValueError: it is none, as a tag like `latest` is none.
    """
    if not _DIGEST.fullmatch(text):
        raise ValueError(
            "must be a digest, as sha256:<64 hex digits> (or sha384, sha512, gitCommit)"
        )
    return text


def _check_key_place(text: str) -> str:
    scheme, _, place = text.partition(":")
    if scheme not in ("file", "env") or not place:
        raise ValueError("must say where the key is, as file:PATH or env:VARIABLE")
    return text


Digest = Annotated[str, AfterValidator(check_digest)]
KeyPlace = Annotated[str, AfterValidator(_check_key_place)]


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

    key: KeyPlace | None = None


class Config(_Table):
    """All of `clinigate.toml`."""

    subject: SubjectTable = SubjectTable(name="unnamed system")
    target: TargetSpec | None = None
    run: RunTable = RunTable()
    packs: PacksTable = PacksTable()
    gate: GateTable = GateTable()
    signing: SigningTable = SigningTable()
