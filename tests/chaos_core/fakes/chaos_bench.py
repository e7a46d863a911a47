"""Makes the file-backed system and what runs on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flag_driver import NAME

from clinigate.chaos.drivers.base import DriverOptions
from clinigate.chaos.model import Experiment
from clinigate.chaos.parse import read_experiment
from clinigate.chaos.policy import AllowedEnvironment, ChaosPolicy

YAML = """\
apiVersion: clinigate.io/v1
kind: ChaosExperiment
metadata: {name: raise-flag, owner: sre, title: A flag is raised, controls: ["A1.3"]}
spec:
  drivers: ["flag_driver:connect"]
  objectives: {rto: 5s}
  load: {rate: 100/s, before: 300ms, after: 10s, timeout: 2s, stable: 300ms}
  fault: {type: flag.raise, target: {selector: {app: api}}, duration: 500ms}
  safety: {environments: [local], maxDuration: 1m, leaseSeconds: 30}
  undo: {verify: steps, within: 10s}
"""


@dataclass(frozen=True)
class Bench:
    """A system of flags, an experiment on it, and the rails around both."""

    root: Path
    things: Path
    experiment: Experiment
    policy: ChaosPolicy
    options: DriverOptions

    def flags(self) -> list[str]:
        return sorted(path.name for path in self.things.rglob("*.flag"))

    def with_experiment(self, **changes: Any) -> Bench:
        return replace(self, experiment=replace(self.experiment, **changes))

    def with_policy(self, **changes: Any) -> Bench:
        return replace(self, policy=replace(self.policy, **changes))


def make_bench(root: Path, text: str = YAML, *, replicas: int = 3) -> Bench:
    things = root / "things"
    (things / "api").mkdir(parents=True)
    for number in range(1, replicas + 1):
        (things / "api" / f"api-{number}").touch()
    path = root / "raise-flag.yaml"
    path.write_text(text, encoding="utf-8")
    options = DriverOptions(environment="local", settings={"things": str(things)})
    policy = ChaosPolicy(
        environments={"local": AllowedEnvironment("local", NAME, options)},
        max_targets=3,
        max_share=0.5,
        blackouts=(),
        kill_file=root / "halt",
        state=root / "state",
    )
    return Bench(root, things, read_experiment(path), policy, options)
