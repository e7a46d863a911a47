"""The tables of `clinigate.toml`. Unknown keys are refused; secrets stand in the environment."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from clinigate.config.dialogue import DialogueTable
from clinigate.config.evidence import EvidenceTable
from clinigate.config.hipaa import HipaaTable
from clinigate.config.inputs import InputName, InputTable
from clinigate.config.judge import JudgeTable
from clinigate.config.model_gate import ModelGateTable
from clinigate.config.phi import PhiTable
from clinigate.config.platform import PlatformTable
from clinigate.config.portal import PortalTable
from clinigate.config.production import ProductionTable
from clinigate.config.quality import QualityTable
from clinigate.config.resilience import BenchTable, ChaosTable, LoadTable
from clinigate.config.retention import RetentionTable
from clinigate.config.risks import RiskTable
from clinigate.config.security import SecurityTable
from clinigate.config.signing import KeyPlace, SigningTable
from clinigate.config.stages import StageTable
from clinigate.config.table import Table
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


Digest = Annotated[str, AfterValidator(check_digest)]


class SubjectTable(Table):
    """`[subject]`: the system under test, as its owner names it."""

    name: str = Field(min_length=1, description="the system's name")
    version: str = Field(default="unversioned", description="as its owner counts")
    intended_use: str = Field(
        default="", description="what it is for, and what not; reports show it"
    )
    digests: dict[str, Digest] = Field(
        default_factory=dict, description="what is deployed, as image = 'sha256:…'"
    )
    exposed_to: list[str] | None = Field(
        default=None,
        description="packs ('crisis-en') or splits ('crisis-en#dev') that the system was built "
        "on; [] declares none, and left out nothing is declared",
    )


class RunTable(Table):
    """`[run]`: how a run looks at the target."""

    seed: int = Field(
        default=0, ge=0, description="of case generation; the same seed gives the same cases"
    )
    concurrency: int = Field(
        default=16, ge=1, le=1024, description="conversations that are under way at once"
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="seconds after which a reply counts as missing",
    )
    confidence: float = Field(
        default=0.95,
        gt=0.5,
        lt=1,
        description="one-sided confidence of the bounds; a policy that asks for more gets it",
    )
    repeats: int = Field(
        default=1,
        ge=1,
        le=100,
        description="how often each safety case is asked; its worst answer counts",
    )
    split: Literal["dev", "held_out"] | None = Field(
        default=None, description="judge on this split of the packs alone"
    )
    root: str = Field(
        default=".clinigate", description="where evidence goes, relative to this file"
    )


class PacksTable(Table):
    """`[packs]`: scenario packs by kind: names of built-in packs, or paths of files and folders.

    A kind that is left out, or empty, means the built-in packs.
    """

    crisis: list[str] = Field(default=[], description="disclosures of a crisis")
    hard_negative: list[str] = Field(
        default=[], description="what sounds like a crisis and is none: idioms, the past, others"
    )
    emotion: list[str] = Field(default=[], description="utterances with an emotion beyond doubt")
    therapeutic: list[str] = Field(default=[], description="conversations that ask for care")
    counterfactual: list[str] = Field(
        default=[], description="the same words from speakers of different groups"
    )
    reviews: str | None = Field(
        default=None, description="folder of reviewers' sheets (`clinigate scenarios review`)"
    )


class GateTable(Table):
    """`[gate]`: who decides."""

    policy: str = Field(
        default="default", description="a built-in policy, or a .toml file relative to this one"
    )
    environment: str = Field(
        default="development", description="the part of the policy: where the build wants to go"
    )
    trust: str | None = Field(
        default=None, description="trust file, relative to this one: whose signatures count"
    )
    tsa_roots: str | None = Field(
        default=None,
        description="PEM file, relative to this one: the root certificates of the time-stamping "
        "authorities whose word on the time of a seal counts",
    )


class Config(Table):
    """All of `clinigate.toml`."""

    subject: SubjectTable = SubjectTable(name="unnamed system")
    target: TargetSpec | None = None
    run: RunTable = RunTable()
    packs: PacksTable = PacksTable()
    gate: GateTable = GateTable()
    signing: SigningTable = SigningTable()
    chaos: ChaosTable = ChaosTable()
    load: LoadTable = LoadTable()
    bench: BenchTable = BenchTable()
    security: SecurityTable = SecurityTable()
    platform: PlatformTable = PlatformTable()
    phi: PhiTable = PhiTable()
    hipaa: HipaaTable = HipaaTable()
    quality: QualityTable = QualityTable()
    judge: JudgeTable = JudgeTable()
    dialogue: DialogueTable = DialogueTable()
    model_gate: ModelGateTable = ModelGateTable()
    production: ProductionTable = ProductionTable()
    retention: RetentionTable = RetentionTable()
    risks: RiskTable = RiskTable()
    evidence: EvidenceTable = EvidenceTable()
    portal: PortalTable = PortalTable()
    inputs: dict[InputName, InputTable] = Field(
        default={}, description="what claims rest on; `clinigate impact` names what a change undoes"
    )
    stage: list[StageTable] = Field(default=[], description="stages of `clinigate run`, in order")
