"""A small local system, and another process where its faults are undone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinigate.chaos.drivers.base import DriverOptions, UndoStep
from clinigate.chaos.drivers.local import LocalDriver, connect
from clinigate.chaos.drivers.local_topology import SCHEMA
from clinigate.chaos.faults import procfs
from clinigate.chaos.model import FaultSpec, TargetSpec

_WRITER = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    try:
        with open(sys.argv[1], "a") as file:
            file.write(line)
        print("written", flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


class Local:
    """A small local system: writers as processes, and a topology that can be rewritten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "topology.json"
        self.said: dict[str, Any] = {
            "schema": SCHEMA,
            "name": "small",
            "environment": "local",
            "entry": {"url": "https://127.0.0.1:1"},
        }
        self.running: list[subprocess.Popen[str]] = []

    def write(self, **parts: Any) -> None:
        self.said.update(parts)
        self.path.write_text(json.dumps(self.said))

    def start(self, name: str, file: Path | None = None, program: str = _WRITER) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(file or self.folder / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        told = {
            "name": name,
            "labels": {"app": "api"},
            "pid": process.pid,
            "start_ticks": procfs.start_ticks(process.pid),
        }
        self.write(processes=[*self.said.get("processes", []), told])
        return process

    @property
    def driver(self) -> LocalDriver:
        driver = connect(DriverOptions(topology=str(self.path)))
        assert isinstance(driver, LocalDriver)
        return driver


def ask(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("x" * 1000 + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def spec(kind: str, **parameters: Any) -> FaultSpec:
    return FaultSpec(kind, TargetSpec({"app": "api"}), 30.0, parameters)


_ELSEWHERE = """
import json, sys
from importlib import import_module
for line in sys.stdin:
    function, args = json.loads(line)
    module, _, name = function.partition(":")
    print(json.dumps(getattr(import_module(module), name)(args)), flush=True)
"""


@contextmanager
def running_elsewhere() -> Iterator[None]:
    """Where undo steps run: as in `clinigate chaos recover`, not in the process that injected."""
    with subprocess.Popen(
        [sys.executable, "-c", _ELSEWHERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        _elsewhere.append(process)
        yield
        _elsewhere.remove(process)
        process.communicate()


_elsewhere: list[subprocess.Popen[str]] = []


def elsewhere(function: str, step: UndoStep) -> object:
    (process,) = _elsewhere
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([function, dict(step.args)]) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def check_undo(steps: tuple[UndoStep, ...]) -> None:
    for step in steps:
        for _ in range(2):  # idempotent
            elsewhere(step.action, step)
        assert elsewhere(step.verify, step) is True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
