"""A project with inputs, in a git repository, and runs of it that are sealed for real."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run as run_command
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core import Criterion, Kind, Measurement, Observation, Relation
from clinigate.evidence.runs import begin_run
from clinigate.gate.policy import Policy, load_policy
from clinigate.pipeline.conclude import conclude
from clinigate.pipeline.recording import Recording, begin_recording
from clinigate.pipeline.setup import policy_source, prepare

POLICY = """\
schema = "clinigate.policy/1"
name = "small"

[environments.development]
certifies = false
require_signed = false

[[environments.development.criteria]]
id = "emotion.accuracy"
demand = "required"
"""

CONFIG = """\
[subject]
name = "small"
version = "2"

[gate]
policy = "policy.toml"

[inputs.prompt]
paths = ["prompts"]

[inputs.manifests]
paths = ["deploy/**/*.yaml"]

[inputs.odd]
paths = ["odd.txt"]
claims = ["phi.*"]
"""

FILES = {
    "prompts/system.md": "Be kind.\n",
    "prompts/crisis/first.md": "Ask, listen, stay.\n",
    "deploy/app/service.yaml": "kind: Service\n",
    "odd.txt": "1\n",
}

#: What a run here claims: one criterion of each of three producers.
CRITERIA = (
    Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, 0.5,
              controls=("11.10(a)",)),
    Criterion("phi.findings", "phi.findings", Relation.AT_MOST, 5, controls=("164.312(b)",)),
    Criterion("platform.findings", "platform.findings", Relation.AT_MOST, 5,
              controls=("164.312(b)", "CC6.1")),
)  # fmt: skip


@dataclass
class Project:
    """A folder under git with a configuration, inputs and a policy."""

    path: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def configure(self, more: str = "", *, instead: str | None = None) -> None:
        self.write({"clinigate.toml": (CONFIG if instead is None else instead) + more})

    @property
    def config(self) -> LoadedConfig:
        return load_config(self.path / "clinigate.toml")

    @property
    def policy(self) -> Policy:
        return load_policy(policy_source(self.config), "development")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(self.path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def sealed(self, meanwhile: Mapping[str, str] | None = None, *, digests: bool = True) -> Path:
        """Run, measure what the criteria ask for, and seal; UNSIGNED, which is no matter here.

        `meanwhile` are files that somebody writes while the run is under way; without `digests` it
        is a run as older versions began them.
        """
        setup = prepare(self.config)
        if digests:
            recording = begin_recording(setup, producer="test")
        else:
            run = begin_run(
                self.config.root, producer="test", subject=setup.subject, plan=setup.plan
            )
            recording = Recording(run.recorder, run)
        assert recording.run is not None
        recording.announce("small", CRITERIA)
        for criterion in CRITERIA:
            if criterion.metric == "emotion.accuracy":
                about = Measurement(criterion.metric, Kind.RATE, 0.9, 1000, events=900)
            else:
                about = Measurement(
                    criterion.metric, Kind.CENSUS, 0.0, 10, unit="findings", events=0
                )
            recording.observation(Observation("CG-TEST-001", about, criterion.controls))
        self.write(meanwhile or {})
        recording.finish()
        conclude(recording.run.directory, signer=None)
        return recording.run.directory

    def impact(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """Call the command; its exit code, its JSON, and what it complains of."""
        self.capsys.readouterr()
        config = ("--config", str(self.path / "clinigate.toml"))
        code = run_command(["impact", *arguments, *config, "--json"])
        said = self.capsys.readouterr()
        return code, json.loads(said.out) if said.out else {}, said.err

    def told(self, *arguments: str) -> str:
        """The command's words for a terminal."""
        self.capsys.readouterr()
        run_command(["impact", *arguments, "--config", str(self.path / "clinigate.toml")])
        return self.capsys.readouterr().out


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Project:
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_DIGESTS"):
        monkeypatch.delenv(name, raising=False)
    project = Project(tmp_path, capsys)
    project.write({**FILES, "policy.toml": POLICY, ".gitignore": ".clinigate/\n"})
    project.configure()
    project.git("init", "-q", "-b", "main")
    project.commit()
    return project
