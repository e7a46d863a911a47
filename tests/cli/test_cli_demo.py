"""`clinigate demo` for real: the clean service opens the gate, and what goes wrong shuts it.

The full evaluation runs once, whatever the number of xdist workers; the other runs are samples.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.results import Results
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.evaluate import all_checks
from clinigate.reference.defects import DEFECTS
from clinigate.reference.operational import OPERATIONAL_DEFECTS


@dataclass(frozen=True)
class Demo:
    """What one `clinigate demo` said and left behind."""

    folder: Path
    code: int
    out: str
    err: str

    def place(self, label: str) -> str:
        """What stands after a label at the end of the output."""
        (line,) = (line for line in self.out.splitlines() if line.startswith(f"{label}:"))
        return line.partition(":")[2].strip()

    @property
    def bundle(self) -> Path:
        return self.folder / self.place("bundle")

    @property
    def results(self) -> Results:
        return open_bundle(self.bundle).results()


@pytest.fixture(scope="session")
def full(program: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A full, clean demo, shared by all workers of this session."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if worker else base) / "full-demo"
    folder.mkdir(exist_ok=True)
    said = folder / "said.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            done = program("demo", cwd=folder)
            said.write_text(json.dumps([done.code, done.out, done.err]), encoding="utf-8")
    return Demo(folder, *json.loads(said.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def sample(
    program: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Demo]:
    """Demos in seconds, all below one folder; each is made once."""
    folder = tmp_path_factory.mktemp("samples")

    @cache
    def go(*arguments: str) -> Demo:
        done = program("demo", "--profile", "pr", *arguments, cwd=folder)
        return Demo(folder, done.code, done.out, done.err)

    return go


@pytest.mark.acceptance
def test_the_clean_service_opens_the_gate(full: Demo) -> None:
    assert full.code == ExitCode.OK, full.out + full.err
    assert "GATE development, policy demo: OPEN (no certification)" in full.out
    assert "Traceback" not in full.err


@pytest.mark.acceptance
def test_whatever_the_demo_requires_passes_and_the_rest_is_told(full: Demo) -> None:
    """What nobody can know of this service is no pass, and it is not hidden."""
    verdicts = {verdict.criterion: verdict.status.value for verdict in full.results.verdicts}
    assert verdicts.pop("crisis.false_negative_rate.unseen") == "NOT_ASSESSED"
    assert verdicts.pop("therapy.empathy") == "INCONCLUSIVE"
    assert verdicts.pop("dialogue.with_model") == "NOT_ASSESSED"
    # A host too busy to time anything is not the service's fault.
    assert verdicts.pop("latency.p99") in ("PASS", "INCONCLUSIVE")
    assert set(verdicts.values()) == {"PASS"}
    assert "no clinician has reviewed these cases" in full.out


@pytest.mark.acceptance
def test_every_check_is_seen_to_run(full: Demo) -> None:
    """One line when it begins and one when it ends, where there is no terminal to draw on."""
    begun = re.findall(r"^running (CG-[A-Z0-9-]+)", full.err, re.M)
    ended = re.findall(r"^[A-Z_]+ +(CG-[A-Z0-9-]+)", full.err, re.M)
    assert begun == ended == sorted(begun)
    assert begun == sorted(check.id for check in all_checks())


@pytest.mark.acceptance
def test_the_printed_places_are_there(full: Demo) -> None:
    report = full.folder / full.place("report")
    assert report == full.bundle / "exports" / "report.html"
    assert full.results.run in report.read_text(encoding="utf-8")
    assert str(full.bundle) in full.place("sealed")
    for name in ("decision.json", "svr.json", "demo-trust.toml"):
        assert (full.bundle / "exports" / name).is_file()


@pytest.mark.acceptance
def test_the_printed_command_verifies_the_bundle(
    full: Demo, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands; the demo signs with a key that lives for this run."""
    monkeypatch.chdir(full.folder)
    words = shlex.split(full.place("verify"))
    assert words[0] == "clinigate"
    said = cli(*words[1:])
    assert said.code == ExitCode.OK
    assert "L1  ok" in said.out


@pytest.mark.acceptance
def test_the_demo_certifies_nothing(
    full: Demo, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The strict policy's gates stay shut on it, that to production in particular."""
    monkeypatch.chdir(full.folder)
    trust = full.bundle / "exports" / "demo-trust.toml"
    for environment in ("development", "staging", "production"):
        said = cli("gate", full.bundle, "--environment", environment, "--trust", trust)
        assert said.code == ExitCode.NOT_PASSED
        assert "therapy.empathy is INCONCLUSIVE" in said.out
    assert "crisis.false_negative_rate.unseen is NOT_ASSESSED" in said.out


@pytest.mark.acceptance
def test_an_edited_demo_opens_nothing(full: Demo, cli: Callable[..., Any], tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / full.bundle.name
    shutil.copytree(full.bundle, copy)
    results = copy / "results.json"
    results.write_bytes(results.read_bytes().replace(b"INCONCLUSIVE", b"PASS", 1))
    trust = full.bundle / "exports" / "demo-trust.toml"
    said = cli("gate", copy, "--policy", "demo", "--trust", trust)
    assert said.code == ExitCode.INTEGRITY
    assert "results.json" in said.sentence


@pytest.mark.acceptance
def test_no_credential_of_the_service_is_kept(full: Demo) -> None:
    """Neither token nor secret stands in what is handed on."""
    for path in full.bundle.rglob("*"):
        if path.is_file():
            assert b"client_secret" not in path.read_bytes()
            assert b"Bearer" not in path.read_bytes()


def test_a_sample_is_never_a_certification(sample: Callable[..., Demo]) -> None:
    demo = sample()
    assert demo.code == ExitCode.OK, demo.out + demo.err
    assert "VERDICT: SAMPLE" in demo.out
    assert "GATE development, policy pr: OPEN (no certification)" in demo.out
    assert demo.results.plan.profile.value == "pr"


@pytest.mark.parametrize(
    "defect",
    [
        "wrong-emotion",
        "empty-crisis-reply",
        pytest.param("phi-in-url", marks=pytest.mark.acceptance),
    ],
)
def test_a_defect_shuts_the_gate_by_its_own_name(sample: Callable[..., Demo], defect: str) -> None:
    """What fails is what the defect is listed under, and nothing else."""
    demo = sample("--defect", defect)
    assert demo.code == ExitCode.NOT_PASSED, demo.out + demo.err
    failed = {verdict.metric for verdict in demo.results.verdicts if verdict.status.value == "FAIL"}
    assert failed == set(DEFECTS[defect].metrics)
    assert "GATE development, policy pr: SHUT" in demo.out
    decision = json.loads((demo.bundle / "exports" / "decision.json").read_bytes())
    assert all(any(metric in reason for metric in failed) for reason in decision["reasons"])
    assert decision["reasons"]


def test_an_honest_small_model_does_not_get_through(sample: Callable[..., Demo]) -> None:
    """Trained on one split and judged on the other; what it was not built on is assessed."""
    demo = sample("--model", "baseline", "--seed", "3")
    assert demo.code == ExitCode.NOT_PASSED
    results = demo.results
    assert (results.plan.split, results.plan.seed) == ("held_out", 3)
    unseen = next(v for v in results.verdicts if v.criterion.endswith(".unseen"))
    assert unseen.status.value != "NOT_ASSESSED"


def test_defects_are_listed_with_what_catches_them(cli: Callable[..., Any]) -> None:
    said = cli("demo", "--list-defects")
    assert (said.code, said.err) == (ExitCode.OK, "")
    clinical, (_, *operational) = (part.splitlines() for part in said.out.split("\n\n"))
    for lines, table in ((clinical, DEFECTS), (operational, OPERATIONAL_DEFECTS)):
        assert [line.split()[0] for line in lines] == list(table)
        for line, defect in zip(lines, table.values(), strict=True):
            assert f"(caught by {', '.join(defect.metrics)})" in line


def test_runs_of_one_folder_share_a_ledger(
    sample: Callable[..., Demo], cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with a key of its own: an older one still verifies after a newer one."""
    first, second = sample(), sample("--defect", "wrong-emotion")
    monkeypatch.chdir(first.folder)
    assert first.bundle != second.bundle
    for demo in (first, second):
        said = cli(*shlex.split(demo.place("verify"))[1:])
        assert said.code == ExitCode.OK, said.out + said.err
        assert open_bundle(demo.bundle).status is RunStatus.COMPLETE
