"""A chaos experiment: what is broken on purpose, where, for how long, and what must hold.

Times are seconds. `clinigate.chaos.parse` builds these nouns from YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "AbortRule",
    "AlertSpec",
    "Arrival",
    "Blackout",
    "Experiment",
    "FaultSpec",
    "Invariant",
    "Json",
    "LoadSpec",
    "Objectives",
    "Safety",
    "TargetSpec",
    "UndoSpec",
    "Window",
]

#: Anything that JSON can carry.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Arrival(StrEnum):
    """How the prober's requests arrive; always open, never waiting for an answer."""

    CONSTANT = "constant"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Objectives:
    """What recovery must keep; None where the experiment states none.

    Attributes:
        rto_s: from the fault to the start of the first stable window.
        rpo_s: age of the oldest acknowledged write that was lost.
    """

    rto_s: float | None = None
    rpo_s: float | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold through the fault, watched by a witness of the driver.

    Attributes:
        probe: the witness, as `crisis-path` or `markers`.
        metric: last part of the metric that the witness measures, as `crisis_path`.
        success: least share that must succeed (1 means every one); None where `lost` is used.
        lost: 0, none may be lost; None where `success` is used.
        p99_s: limit of the 99th percentile, measured as `<metric>_p99`.
        least: number of attempts that a pass needs.
        parameters: for the witness.
    """

    probe: str
    metric: str
    success: float | None = None
    lost: int | None = None
    p99_s: float | None = None
    least: int = 1
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """What the prober sends while the experiment runs: requests a second, and for how long around.

    Attributes:
        rate: requests a second.
        arrival: constant or Poisson.
        before_s: steady state that is watched before the fault.
        after_s: longest wait for a stable recovery after the undo.
        timeout_s: when a request counts as failed.
        slow_s: greatest p95 of a window that counts as recovered; None lets late answers be as
            good as prompt ones, so that faults that freeze or slow a service need it.
        stable_s: recovered is what fails nothing for so long.
    """

    rate: float = 50.0
    arrival: Arrival = Arrival.CONSTANT
    before_s: float = 2.0
    after_s: float = 30.0
    timeout_s: float = 5.0
    slow_s: float | None = None
    stable_s: float = 1.0


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """Which things may be hit, and how many of them.

    Attributes:
        selector: labels that a victim must carry, all of them; never empty.
        max_count: at most so many victims are chosen.
        max_share: at most this share of their group.
        min_survivors: so many of each group must stay untouched.
        all_kill: why hitting every member is meant; only then may `min_survivors` be 0.
    """

    selector: Mapping[str, str]
    max_count: int = 1
    max_share: float = 0.5
    min_survivors: int = 1
    all_kill: str | None = None


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """The fault: its registered type, its targets, its parameters, its duration in seconds."""

    type: str
    target: TargetSpec
    duration_s: float
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbortRule:
    """When the fault is taken back early.

    Attributes:
        source: the rule as its author wrote it, as `crisis-path.errors > 0`.
        subject: `entry`, the name of an invariant's probe, or of an SLO for `burn_rate`.
        measure: `errors` (a count), or over the last 5 s `bad_share` (0 to 1) or `burn_rate` (a
            multiple of what the SLO's budget allows).
        limit: the rule fires above it.
        for_s: only after it held for so long without a break.
    """

    source: str
    subject: str
    measure: str
    limit: float
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of UTC days in which experiments may run: `Mon-Thu 03:00-05:00 UTC`.

    Attributes:
        source: as it was written.
        days: ISO weekdays, 1 is Monday.
        start_min, end_min: minutes after midnight UTC; past midnight where the end is smaller.
    """

    source: str
    days: frozenset[int]
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Blackout:
    """A span of time in which nothing may be injected; both ends aware, UTC."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Safety:
    """The rails' settings of one experiment.

    Attributes:
        environments: names of environments in which it may run.
        window: when it may run; None is any time.
        blackout: when it may not.
        max_budget_pct: share of a 30-day error budget that it may cost, in percent.
        lease_s: without a sign of life of the runner for so long, the watchdog undoes the fault.
        max_duration_s: the fault is taken back after it, whatever happens.
        kill_file: its existence stops and forbids experiments; None is the run folder's own.
    """

    environments: tuple[str, ...]
    window: Window | None = None
    blackout: tuple[Blackout, ...] = ()
    max_budget_pct: float = 5.0
    lease_s: float = 2.0
    max_duration_s: float = 600.0
    kill_file: str | None = None


@dataclass(frozen=True, slots=True)
class UndoSpec:
    """How it is known that the fault is gone: what verifies it, and the objective in seconds."""

    verify: str
    within_s: float


@dataclass(frozen=True, slots=True)
class AlertSpec:
    """An alert that must fire while the fault lasts, and how soon (seconds after the fault)."""

    name: str
    within_s: float


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment, as its file states it.

    Attributes:
        name: as `kill-replica`; metrics are `chaos.kill_replica.*`.
        title, owner: for people.
        controls: clauses that it gives evidence for.
        drivers: names of drivers that can run it, the preferred one first.
        slos: names in the platform's SLO catalogue that it must keep inside its window; empty where
            an outage is expected, which objectives, budget and invariants then judge.
        objectives, invariants, alerts, load, fault, abort, safety, undo: see there.
        repeat: number of repetitions.
        source: the file's name, for messages.
    """

    name: str
    title: str
    owner: str
    controls: tuple[str, ...]
    drivers: tuple[str, ...]
    slos: tuple[str, ...]
    objectives: Objectives
    invariants: tuple[Invariant, ...]
    load: LoadSpec
    fault: FaultSpec
    abort: tuple[AbortRule, ...]
    safety: Safety
    undo: UndoSpec
    alerts: tuple[AlertSpec, ...] = ()
    repeat: int = 1
    source: str = ""

    @property
    def prefix(self) -> str:
        """First parts of this experiment's metrics: `chaos.<name with underscores>`."""
        return f"chaos.{self.name.replace('-', '_')}"

    @property
    def check_id(self) -> str:
        """The id of the check that this experiment is: `CG-CHAOS-<NAME>-001`."""
        return f"CG-CHAOS-{self.name.upper()}-001"
