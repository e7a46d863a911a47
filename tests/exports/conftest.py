"""A sealed run that passes, fails, breaks, cannot tell and has gaps, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run as run_program
from clinigate.cli.keys import trust_entry
from clinigate.core import Criterion, Finding, Kind, Measurement, Observation, Plan, Relation
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Fault, Gap
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.keys import save_key
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.gate.decision import Decision
from clinigate.gate.policy import load_policy
from clinigate.pipeline.examine import examine
from clinigate.pipeline.exports import Material
from clinigate.pipeline.gating import decide_on
from clinigate.pipeline.publish import report_of

PASSPHRASE = "a passphrase of these tests"
SUBJECT = Subject("demo", "1.0", {"image": "sha256:" + "ab" * 32}, "Supportive conversation.")
#: What a stranger may name a thing: markup, a formula, and what turns a line around.
HOSTILE = '=HYPERLINK("http://x.example") <img src=x onerror=alert(1)> | `x` \u202e'

CONFIG = """\
[subject]
name = "demo"
version = "1.0"
digests = {{ image = "sha256:{digest}" }}

[gate]
policy = "policy.toml"
environment = "development"
trust = "trust.toml"

[signing]
key = "file:ci.key"
"""
POLICY = """\
schema = "clinigate.policy/1"
name = "small"

[[criteria]]
id = "audit.rows"
demand = "required"

[[criteria]]
id = "audit.lost"
demand = "required"

[environments.development]
certifies = false
controls = ["164.312(b)"]

[environments.production]
"""


def criterion(name: str, *controls: str, title: str = "") -> Criterion:
    return Criterion(name, name, Relation.BELOW, 0.05, title=title or name, controls=controls)


CRITERIA = (
    criterion("audit.rows", "164.312(b)", title="Every access leaves a row"),
    criterion("audit.lost", "164.312(b)", "11.10(e)", title=HOSTILE),
    criterion("access.broken", "164.312(a)(1)"),
    criterion("access.gap", "164.312(d)"),
    criterion("team.own"),
)


def observations(blob: str) -> tuple[Observation, ...]:
    def rate(name: str, events: int, n: int) -> Measurement:
        return Measurement(name, Kind.RATE, events / n, n, events=events)

    place = Place("src/app.py", 3, symbol="handler")
    flaw = Flaw("B602", ("bandit",), FlawSeverity.HIGH, place, "0" * 31 + "1", title="A shell")
    return (
        Observation("CG-1", rate("audit.rows", 0, 400), ("164.312(b)",), (blob,)),
        Observation("CG-2", rate("audit.lost", 90, 400), ("164.312(b)",)),
        Observation("CG-2", Finding("audit.lost", HOSTILE, case_id="c1")),
        Observation("CG-3", Fault("access.broken", "the check broke: TimeoutError")),
        Observation("CG-4", Gap("access.gap", "the target has no accounts")),
        Observation("CG-5", rate("team.own", 0, 400)),
        Observation("CG-6", rate("nobody.asked", 1, 10), ("164.312(c)(1)",)),
        Observation("CG-SEC-1", Measurement("security.sast.high", Kind.CENSUS, 1.0, 1, events=1)),
        Observation("CG-SEC-1", Finding("security.sast.high", "a shell", flaw=flaw)),
    )


class TickingClock:
    """Starts at a fixed time and goes on by a second with each look."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(frozen=True)
class Sealed:
    """A user's folder with one sealed run."""

    folder: Path
    signer: LocalSigner
    bundle: Bundle
    results: Results

    @property
    def trust(self) -> TrustStore:
        return TrustStore((TrustedKey(self.signer.public, "CI", "machine"),))

    def decision(self, at: datetime) -> Decision:
        policy = load_policy(str(self.folder / "policy.toml"), "development")
        return decide_on([("run", self.bundle.path)], policy, trust=self.trust, clock=lambda: at)

    def material(self, **changes: Any) -> Material:
        examined = examine(self.bundle.path, trust=self.trust)
        decision = self.decision(datetime(2026, 8, 21, 12, tzinfo=UTC))
        report = report_of(examined, decision)
        return Material(**{
            "examined": examined,
            "results": self.results,
            "decision": decision,
            "report": report,
            **changes,
        })  # fmt: skip


def make(folder: Path, started: datetime) -> Sealed:
    """Run, seal and sign; and write what a user has beside it."""
    clock, signer = TickingClock(started), generate_signer()
    root = folder / ".clinigate"
    run = begin_run(
        root, producer="pytest", subject=SUBJECT, plan=Plan(), clock=clock, signer=signer,
        environ={},
    )  # fmt: skip
    blob = run.recorder.blob(b"request and reply", "text/plain")
    for each in observations(blob):
        run.recorder.observation(each)
    run.finish()
    recorded = read_run(run.directory)
    seen = recorded.observations()
    results = Results(
        run=run.id,
        subject=SUBJECT,
        target="demo",
        plan=Plan(),
        started_at=recorded.started_at,
        finished_at=recorded.finished_at,
        criteria=CRITERIA,
        verdicts=judge_all(CRITERIA, seen),
        observations=seen,
    )
    bundle = seal(
        run.directory, clock=clock, results=results, signer=signer,
        ledger=RunStore(root).ledger(clock=clock, signer=signer),
        controls={"hipaa-security": "sha256:" + "cd" * 32},
    )  # fmt: skip
    files = {
        "clinigate.toml": CONFIG.format(digest="ab" * 32),
        "policy.toml": POLICY,
        "trust.toml": trust_entry(signer.public, name="CI", role="machine"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    save_key(signer, folder / "ci.key", PASSPHRASE, cost=2**14)
    return Sealed(folder, signer, bundle, results)


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A run of a fixed day; nothing in these tests changes it."""
    return make(tmp_path_factory.mktemp("exports"), datetime(2026, 8, 21, 10, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def material(sealed: Sealed) -> Callable[..., Material]:
    return cache(sealed.material)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sealed:
    """A folder of today, to run commands in."""
    made = make(tmp_path, datetime.now(UTC) - timedelta(hours=1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
    return made


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run_program([str(each) for each in arguments])
        return Said(code, *capsys.readouterr())

    return call
