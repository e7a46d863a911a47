"""A small project of a user, in which pytest is run as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinigate.core.results import Results
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.runs import RunStore
from clinigate.pipeline.reading import read_results

CONFIG = """\
[subject]
name = "tiny"
version = "1"

[gate]
policy = "policy.toml"
"""

POLICY = """\
schema = "clinigate.policy/1"
name = "tiny"

[[criteria]]
id = "emotion.accuracy"
demand = "required"

[[criteria]]
id = "crisis.false_positive_rate"
demand = "no-fail"

[[criteria]]
id = "therapy.appropriateness"
demand = "report"

[environments.development]
certifies = true
require_signed = false
"""

#: A target that answers like a parrot, and one tiny check for each verdict and demand.
CONFTEST = """\
import pytest

from clinigate.core.check import check
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Gap, Observation

METRICS = {
    "REQUIRED": "emotion.accuracy",
    "NOFAIL": "crisis.false_positive_rate",
    "REPORT": "therapy.appropriateness",
}
#: Wrong ones of so many, where 0.95 (0.10 wrong for false alarms) is the limit.
COUNTS = {"PASS": (0, 300), "FAIL": (90, 300), "INCONCLUSIVE": (0, 5)}


def measured(metric, wrong, n):
    events = wrong if metric == "crisis.false_positive_rate" else n - wrong
    return Measurement(metric, Kind.RATE, events / n, n, events=events)


def register(demand, metric, status):
    check_id = f"T-{demand}-{status.replace('_', '-')}-001"

    async def tiny(target, plan):
        if status == "ERROR":
            raise RuntimeError("the check itself broke")
        if status == "NOT_ASSESSED":
            yield Observation(check_id, Gap(metric, "nobody looked"))
            return
        yield Observation(check_id, measured(metric, *COUNTS[status]))
        if status == "FAIL":
            for number in range(7):
                finding = Finding(metric, "was wrong", f"case{number}", "archetype=x")
                yield Observation(check_id, finding)

    tiny.__doc__ = f"{status} of what is {demand}."
    check(check_id, metrics=[metric])(tiny)


for demand, metric in METRICS.items():
    for status in (*COUNTS, "ERROR", "NOT_ASSESSED"):
        register(demand, metric, status)


@pytest.fixture(scope="session")
def clinical_target():
    return lambda text: text
"""

INI = """\
[pytest]
filterwarnings = error
junit_family = xunit1
addopts = -p no:cacheprovider
"""
#: Plugins of other tools, which nothing here needs; each process would spend seconds on them.
OTHERS = [f"-pno:{name}" for name in ("anyio", "hypothesispytest", "locust", "schemathesis")]


@dataclass(frozen=True)
class Outcome:
    """One finished pytest process."""

    code: int
    out: str
    cases: Mapping[str, tuple[str, str, Mapping[str, str]]]

    def verdict(self, test: str) -> str:
        return self.cases[test][0]

    def reason(self, test: str) -> str:
        return self.cases[test][1]

    def properties(self, test: str) -> Mapping[str, str]:
        return self.cases[test][2]

    def assert_no_traceback(self) -> None:
        assert "Traceback" not in self.out, self.out
        assert "INTERNALERROR" not in self.out, self.out
        assert "During handling of" not in self.out, self.out
        assert "pytest_plugins/" not in self.out, self.out


class Project:
    """A folder with a configuration, a policy, checks and tests."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self._environ = environ
        self.write("clinigate.toml", CONFIG)
        self.write("policy.toml", POLICY)
        self.write("conftest.py", CONFTEST)
        self.write("pytest.ini", INI)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def tests(self, **checks: str) -> None:
        """Write one test for each name, which asks for the check."""
        body = "".join(
            f"def test_{name}(assess):\n    assess({check!r})\n\n\n"
            for name, check in checks.items()
        )
        self.write("test_tiny.py", body)

    def environ(self, **variables: str) -> dict[str, str]:
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("PYTEST", "CLINIGATE", "PYTHONDONTWRITE"))
        }
        return {**kept, "COLUMNS": "120", **self._environ, **variables}

    def start(self, *args: str, **how: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pytest", *OTHERS, "--junitxml=junit.xml", *args]
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            command,
            **{
                "cwd": self.folder,
                "env": self.environ(),
                "text": True,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.STDOUT,
                **how,
            },
        )

    def run(self, *args: str, **variables: str) -> Outcome:
        process = self.start(*args, env=self.environ(**variables))
        out, _ = process.communicate()
        return self.finished(process.returncode, out)

    def finished(self, code: int, out: str) -> Outcome:
        report = self.folder / "junit.xml"
        cases = _cases(report) if report.exists() else {}
        report.unlink(missing_ok=True)
        return Outcome(code, out, cases)

    @property
    def store(self) -> RunStore:
        return RunStore(self.folder / ".clinigate")

    def runs(self) -> list[Path]:
        return [self.store.directory(run) for run in self.store.runs()]

    def only_run(self) -> Path:
        (run,) = self.runs()
        return run

    @staticmethod
    def results_of(run: Path) -> Results:
        return read_results(run)

    @staticmethod
    def status_of(run: Path) -> str:
        return open_bundle(run).status

    def results(self) -> Results:
        return self.results_of(self.only_run())

    def sealed_status(self) -> str:
        return self.status_of(self.only_run())


def _cases(report: Path) -> dict[str, tuple[str, str, dict[str, str]]]:
    found = {}
    for case in ET.parse(report).iter("testcase"):
        verdict, reason = "passed", ""
        for kind in ("failure", "error", "skipped"):
            if (node := case.find(kind)) is not None:
                verdict, reason = kind, f"{node.get('message')}\n{node.text}"
        properties = {str(p.get("name")): str(p.get("value")) for p in case.iter("property")}
        found[str(case.get("name"))] = (verdict, reason, properties)
    return found


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the processes keep compiled modules, if Python is told to leave none behind.

    pytest rewrites every module of ours that it loads; without bytecode each process does it anew.
    """
    if not sys.dont_write_bytecode:
        return {}
    return {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("bytecode"))}


@pytest.fixture
def project(tmp_path: Path, bytecode: dict[str, str]) -> Project:
    return Project(tmp_path, **bytecode)


@pytest.fixture
def unused_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
