"""What one run found: the content of `results.json`, from which gate and report are derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from clinigate.core.criterion import Criterion
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.verdict import Verdict

__all__ = ["PackUse", "Results", "Subject"]

SCHEMA = "clinigate.results/1"
UNVERSIONED = "unversioned"


@dataclass(frozen=True, slots=True)
class Subject:
    """The system that was evaluated, as its owner names it.

    Attributes:
        name, version: as released.
        digests: what was running, as `{"image": "sha256:…", "model": "sha256:…"}`.
        intended_use: one sentence.
    """

    name: str
    version: str = UNVERSIONED
    digests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    intended_use: str = ""

    @property
    def names_a_build(self) -> bool:
        """Whether it tells one build from the next."""
        return bool(self.digests) or self.version != UNVERSIONED


@dataclass(frozen=True, slots=True)
class PackUse:
    """A scenario pack that cases were drawn from.

    Attributes:
        name, version, digest: which pack, byte for byte.
        cores: authored cores in it. origin: whose wording it is.
        review: `none` until a clinician has signed.
    """

    name: str
    version: str
    digest: str
    cores: int
    origin: str
    review: str = "none"


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a run found and how it looked.

    Attributes:
        run: the run's id. started_at, finished_at: RFC 3339 in UTC.
        target: the target's short name. declared: capabilities that it offers.
        criteria: what the run judged by. verdicts: one for each of them, in the same order.
        interrupted: why the run ended early; None when it went through.
    """

    run: str
    subject: Subject
    target: str
    plan: Plan
    started_at: str
    finished_at: str
    criteria: tuple[Criterion, ...]
    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...]
    packs: tuple[PackUse, ...] = ()
    declared: tuple[str, ...] = ()
    interrupted: str | None = None
    schema: str = SCHEMA
