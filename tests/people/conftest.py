"""A folder with sealed runs and people: their keys, the trust file, and a way to call commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.cli.app import run as run_command
from clinigate.cli.keys import trust_entry
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.keys import save_key
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustStore, load_trust

PASSPHRASE = "a passphrase of these tests"
SUBJECT = Subject("ward-assistant", "1.0", {"image": "sha256:" + "11" * 32})
ACCURACY = Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, 0.9)

CONFIG = """\
[subject]
name = "ward-assistant"

[gate]
policy = "policy.toml"
trust = "trust.toml"
environment = "production"
"""

POLICY = """\
schema = "clinigate.policy/1"
name = "ward"

[[criteria]]
id = "emotion.accuracy"
demand = "required"
limit = 0.9

[environments.production]
minimum_coverage = 0.0

[environments.production.records]
roles = ["compliance-officer"]
max_waiver_days = 90
"""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error that an unhappy end has."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.out + self.err
        return lines[0].removeprefix("clinigate: ")


@cache
def key_of(word: str) -> tuple[LocalSigner, dict[str, bytes]]:
    """A key and its two files by name: stretching a passphrase takes longer than most tests."""
    signer = generate_signer()
    with TemporaryDirectory() as folder:
        save_key(signer, Path(folder) / f"{word}.key", PASSPHRASE, cost=2**14)
        return signer, {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@dataclass
class Ward:
    """A user's folder.

    Attributes:
        folder: it. keys: signers by the first word of their names.
    """

    folder: Path
    keys: dict[str, LocalSigner] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The evidence root."""
        return self.folder / ".clinigate"

    @property
    def trust(self) -> TrustStore:
        """The keys that count."""
        return load_trust(self.folder / "trust.toml")

    def person(self, name: str, role: str, *, word: str | None = None) -> Path:
        """Give a person a key, in a file of that word, and have it trusted; return its path."""
        word = word or name.split()[0].lower()
        signer, files = key_of(word)
        self.keys[word] = signer
        with (self.folder / "trust.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + trust_entry(signer.public, name=name, role=role))
        for file_name, content in files.items():
            (self.folder / file_name).write_bytes(content)
        (self.folder / f"{word}.key").chmod(0o600)
        return self.folder / f"{word}.key"

    def sealed(
        self, right: int = 600, *, signed: bool = True, status: RunStatus = RunStatus.COMPLETE
    ) -> Bundle:
        """Seal a run of 600 cases of which so many came out right."""
        signer = self.keys["ci"] if signed else None
        begun = begin_run(
            self.root, producer="test", subject=SUBJECT, plan=Plan(), signer=signer, environ={}
        )
        accuracy = Measurement("emotion.accuracy", Kind.RATE, right / 600, 600, events=right)
        begun.recorder.observation(Observation("CG-TEST-PEOPLE-001", accuracy))
        if status is not RunStatus.INCOMPLETE:
            begun.finish(status)
        else:
            begun.recorder.close()
        recorded = read_run(begun.directory)
        observations = recorded.observations()
        results = Results(
            run=begun.id,
            subject=SUBJECT,
            target="test",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=(ACCURACY,),
            verdicts=judge_all((ACCURACY,), observations),
            observations=observations,
        )
        return seal(
            begun.directory,
            signer=signer,
            ledger=RunStore(self.root).ledger(signer=signer),
            results=results,
            controls={},
            allow_incomplete=status is RunStatus.INCOMPLETE,
        )

    def policy(self, old: str, new: str) -> None:
        """Change the policy."""
        path = self.folder / "policy.toml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="session")
def people() -> SimpleNamespace:
    """All of this module's names."""
    return SimpleNamespace(**globals())


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """A folder with the machine's key, an officer, a developer and a reviewer."""
    for name in ("CONFIG", "DEBUG", "KEY", "KEY_PASSPHRASE", "REDACTION_KEY", "RUN"):
        monkeypatch.delenv(f"CLINIGATE_{name}", raising=False)
    folder = tmp_path / "ward"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "clinigate.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    made = Ward(folder)
    made.person("CI", "machine")
    made.person("Ada Officer", "compliance-officer")
    made.person("Cy Developer", "developer")
    made.person("Rhea Reviewer", "clinical-lead")
    return made


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in this process; `secrets` are given by --passphrase-fd, each once."""

    def call(*arguments: object, secret: str | None = PASSPHRASE) -> Said:
        capsys.readouterr()
        given: list[Any] = list(arguments)
        if secret is None:
            code = run_command([str(each) for each in given])
            return Said(code, *capsys.readouterr())
        reader, writer = os.pipe()
        try:
            os.write(writer, f"{secret}\n".encode())
            os.close(writer)
            code = run_command([str(each) for each in [*given, "--passphrase-fd", reader]])
        finally:
            os.close(reader)
        return Said(code, *capsys.readouterr())

    return call
