"""A folder with stages whose programs are stubs, and two ways to call `clinigate run` in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.stages import Staged, read_stages

STUB = Path(__file__).with_name("stub.py")
PROGRAM = Path(sys.executable).with_name("clinigate")

POLICY = """\
schema = "clinigate.policy/1"
name = "stages"

[environments.development]
certifies = false
require_signed = false
"""

DEMAND = """
[[environments.development.criteria]]
id = "{metric}"
demand = "{demand}"
"""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The line in which an unhappy end says why."""
        lines = [line for line in self.err.splitlines() if line.startswith("clinigate: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.out + self.err
        return lines[0].removeprefix("clinigate: ")


@dataclass(frozen=True)
class Folder:
    """A user's folder, in which the tests stand."""

    path: Path
    capfd: pytest.CaptureFixture[str]

    def stages(self, *tables: dict[str, Any], demands: dict[str, str] | None = None) -> None:
        """Write `[[stage]]` tables, and a policy that requires all `stub.*` metrics they name."""
        lines = ['[subject]\nname = "stub"\nversion = "1"\n\n[gate]\npolicy = "policy.toml"\n']
        for table in tables:
            lines.append("[[stage]]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        (self.path / "clinigate.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        metrics = [word for t in tables for word in t.get("run", ()) if word.startswith("chaos.")]
        asked = dict.fromkeys(metrics, "required") | (demands or {})
        policy = POLICY + "".join(DEMAND.format(metric=m, demand=d) for m, d in asked.items())
        (self.path / "policy.toml").write_text(policy, encoding="utf-8")

    def run(self, *arguments: str, command: str = "run") -> Said:
        """Call a command in this process."""
        self.capfd.readouterr()
        code = run([command, *arguments])
        out, err = self.capfd.readouterr()
        return Said(code, out, err)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Call `clinigate run` as a process of its own; a test that fails leaves none behind."""
        process = subprocess.Popen(
            [str(PROGRAM), "run", *arguments],
            cwd=self.path, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with process:
            try:
                yield process
            finally:
                process.kill()

    @property
    def runs(self) -> list[Path]:
        return sorted((self.path / ".clinigate" / "runs").iterdir())

    @property
    def last(self) -> Path:
        return self.runs[-1]

    @property
    def bundle(self) -> Bundle:
        return open_bundle(self.last)

    @property
    def staged(self) -> Staged:
        staged = read_stages(read_run(self.last))
        assert staged is not None
        return staged

    @property
    def outcomes(self) -> dict[str, str]:
        return {story.spec.name: str(story.outcome) for story in self.staged.stories}


def stub(name: str, *words: str, seconds: float = 12) -> dict[str, Any]:
    """A stage whose program records one objective, `chaos.NAME.rto`."""
    argv = [sys.executable, "-I", "-S", str(STUB), f"chaos.{name}.rto", str(seconds), *words]
    return {"name": name, "run": argv}


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Folder:
    for name in [each for each in os.environ if each.startswith("CLINIGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, capfd)


@pytest.fixture
def stage() -> Callable[..., dict[str, Any]]:
    return stub


@pytest.fixture
def names() -> Callable[[Sequence[Any]], list[str]]:
    return lambda stages: [each.name for each in stages]
