"""A driver on a folder of files: the smallest system that can be broken and mended.

`things/<group>/<name>` is a thing, `things/<group>/<name>.flag` its fault. The entry answers `ok`
while at least one thing of the group `api` carries no flag.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinigate.chaos.drivers.base import (
    DriverOptions,
    Environment,
    NotAvailableError,
    UndoStep,
    Victim,
    VictimGoneError,
    WitnessReport,
)
from clinigate.chaos.model import FaultSpec, Invariant
from clinigate.core.measurement import Kind, Measurement

NAME = "flag_driver:connect"


def connect(options: DriverOptions) -> FlagDriver:
    return FlagDriver(options)


class FlagDriver:
    name = NAME

    def __init__(self, options: DriverOptions) -> None:
        self.things = Path(options.settings.get("things") or os.environ["FLAG_THINGS"])
        self.settings = options.settings
        self.called = options.environment or "local"

    def environment(self) -> Environment:
        fingerprint = self.settings.get("fingerprint", "local:flags")
        return Environment(self.settings.get("environment", self.called), fingerprint)

    def resolve(self, selector: Mapping[str, str]) -> tuple[Victim, ...]:
        return tuple(
            victim
            for victim in self._all()
            if all(victim.labels.get(key) == value for key, value in selector.items())
        )

    def members(self, group: str) -> tuple[Victim, ...]:
        return tuple(victim for victim in self._all() if victim.group == group)

    def undo_steps(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> tuple[UndoStep, ...]:
        if fault.type == "flag.forever":
            return ()
        verify = "flag_undo:never" if fault.type == "flag.stuck" else "flag_undo:is_lowered"
        return tuple(
            UndoStep("flag_undo:lower", verify, {"flag": self._flag(v)}, f"lower {v.name}")
            for v in victims
        )

    def inject(self, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        if fault.type == "flag.breaks":
            raise OSError("the flag is torn")
        if fault.type == "flag.root":
            raise NotAvailableError("raising this flag needs root")
        present = {victim.uid for victim in self._all()}
        for victim in victims:
            if victim.uid not in present or fault.type == "flag.gone":
                raise VictimGoneError(f"{victim.name} is no longer there")
            Path(self._flag(victim)).touch()
        if fault.type == "flag.slow":
            time.sleep(float(str(fault.parameters["takes_s"])))

    def probe(self) -> FlagProbe:
        return FlagProbe(self.things)

    def witness(self, invariant: Invariant) -> CountingWitness:
        if invariant.probe == "absent":
            raise NotAvailableError("nothing to watch it by")
        return CountingWitness(invariant, self.things)

    def _all(self) -> tuple[Victim, ...]:
        paths = sorted(p for p in self.things.glob("*/*") if p.suffix != ".flag")
        return tuple(
            Victim(
                id=f"{path.parent.name}/{path.name}",
                name=path.name,
                labels={"app": path.parent.name, "name": path.name},
                uid=f"{path.name}:{path.stat().st_ino}:{path.stat().st_mtime_ns}",
                group=path.parent.name,
            )
            for path in paths
        )

    def _flag(self, victim: Victim) -> str:
        return str(self.things / f"{victim.id}.flag")


class FlagProbe:
    def __init__(self, things: Path) -> None:
        self._group = things / "api"

    async def __call__(self, number: int, /) -> str:
        return "ok" if is_up(self._group) else "down"

    async def aclose(self) -> None:
        return


class CountingWitness:
    """Looks at the group a hundred times a second."""

    def __init__(self, invariant: Invariant, things: Path) -> None:
        self._invariant = invariant
        self._group = things / "api"
        self._asked = self._bad = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, repetition: int, timeline: Any) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            self._asked += 1
            self._bad += not is_up(self._group)

    def stop(self) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def counts(self) -> tuple[int, int]:
        return self._asked, self._bad

    def report(self, prefix: str) -> WitnessReport:
        good = self._asked - self._bad
        metric = f"{prefix}.{self._invariant.metric}"
        share = good / self._asked if self._asked else None
        return WitnessReport((Measurement(metric, Kind.RATE, share, self._asked, events=good),))


def is_up(group: Path) -> bool:
    things = [path for path in group.iterdir() if path.suffix != ".flag"]
    return any(not path.with_name(f"{path.name}.flag").exists() for path in things)
