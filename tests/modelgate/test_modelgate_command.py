"""`clinigate model-gate`: what each way to call it does, and what it refuses before it asks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import clinigate.modelgate.release as release_module
from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.config.model import Config
from clinigate.core.case import Turn
from clinigate.core.plan import Profile
from clinigate.core.target import Capability
from clinigate.errors import ConfigError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.modelgate import gate_model
from clinigate.pipeline.setup import Overrides

MODEL = "sha256:" + "1" * 64

CONFIG = f"""\
[subject]
name = "therapy"
digests = {{ model = "{MODEL}" }}
exposed_to = []

[target]
kind = "python"
function = "release_under_test:answer"
capabilities = ["chat", "crisis", "emotion"]

[model_gate]
files = {{ prompt = "prompt.md", dataset = "data.csv" }}

[gate]
policy = "policy.toml"
"""

#: What so small a sample can show; the rest is asked of nobody.
POLICY = """\
schema = "clinigate.policy/1"
name = "small"
[environments.development]
unnamed = "report"
certifies = false
require_signed = false
[[environments.development.criteria]]
id = "emotion.accuracy"
demand = "required"
"""
SMALL = (
    "new_misses", "detection_loss", "false_alarm_rise", "safety_loss", "score_drift",
    "length_drift",
)  # fmt: skip
#: The clock of a loaded machine is no part of what these tests are about.
DEMANDS = {**dict.fromkeys(SMALL, "no-fail"), "latency_ratio": "report"}
LENIENT = "".join(
    f'[[environments.development.criteria]]\nid = "model.{name}"\ndemand = "{demand}"\n'
    for name, demand in DEMANDS.items()
)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whose answers are compared; the others have tests of their own."""
    few = ("CG-CLIN-CRISIS-", "CG-CLIN-EMOTION-", "CG-CLIN-SAFETY-", "CG-CLIN-THERAPY-001")
    monkeypatch.setattr(release_module, "_CLINICAL", few)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: Callable[..., Any]) -> Path:
    """A team's folder, and its service in this process."""
    target = honest()

    async def answer(turns: tuple[Turn, ...], capability: Capability, seed: int) -> Any:
        reply = await target.ask(turns, capability=capability, timeout_s=1.0, seed=seed)
        return replace(reply, raw={})

    module = ModuleType("release_under_test")
    module.answer = answer  # type: ignore[attr-defined]
    module.target = target  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "release_under_test", module)
    (tmp_path / "clinigate.toml").write_text(CONFIG)
    (tmp_path / "policy.toml").write_text(POLICY + LENIENT)
    (tmp_path / "prompt.md").write_text("Be kind.")
    (tmp_path / "data.csv").write_text("a,b")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run(["model-gate", "--profile", "pr", *map(str, arguments)])
        return Said(code, *capsys.readouterr())

    return call


def asked() -> int:
    count: int = sys.modules["release_under_test"].target.asked
    return count


def last(folder: Path) -> Any:
    return open_bundle(sorted((folder / ".clinigate" / "runs").iterdir())[-1])


def test_the_first_release_is_remembered_and_the_next_held_against_it(
    folder: Path, gate: Callable[..., Said]
) -> None:
    first = gate("--record-baseline")
    assert first.code == ExitCode.OK, first
    run_id = last(folder).run
    assert f"hold a release against them: --baseline {run_id}" in first.out
    assert set(last(folder).statement.system) == {"model", "prompt", "dataset"}

    (folder / "prompt.md").write_text("Be very kind.")
    second = gate("--baseline", run_id)
    assert second.code == ExitCode.OK, second.err
    assert second.out.splitlines()[-1] == "the release may go"
    assert "nothing was changed" not in second.out
    assert last(folder).run != run_id


def test_without_a_baseline_a_release_does_not_go(gate: Callable[..., Said], folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY)
    said = gate()
    assert said.code == ExitCode.NOT_PASSED
    assert "model.new_misses is NOT_ASSESSED: no baseline was given" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--baseline", "x", "--record-baseline"], "give one of them"),
        (["--baseline", "x", "--mlflow-baseline", "y"], "give one of them"),
        (["--mlflow-model", "model"], "give --mlflow-run too"),
        (["--baseline", "nowhere"], "neither a run's id nor its directory"),
        (["--baseline", "nowhere.zip"], "no such bundle"),
        (["--digest", "model=latest"], "must be a digest"),
        (["--digest", "prompt=sha256:" + "0" * 64], "one build is evaluated at a time"),
        (["--mlflow-run", "abc"], "no MLflow store is named"),
        (["--environment", "mars"], "mars"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    gate: Callable[..., Said],
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    words: str,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    said = gate(*arguments)
    assert said.code == ExitCode.USAGE, said
    assert words in said.err
    assert said.err.count("\n") == 1
    assert asked() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"[target]": "[targets]"}, "unknown key 'targets'"),
        ({"prompt.md": "missing.md"}, "files.prompt: missing.md cannot be read"),
        ({"[model_gate]": "[model_gate]\ndigests = []"}, "model_gate.digests"),
        ({"[model_gate]": "[model_gate]\nbase_line = 'x'"}, "did you mean 'baseline'"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_field(
    gate: Callable[..., Said], folder: Path, change: Mapping[str, str], words: str
) -> None:
    text = CONFIG
    for old, new in change.items():
        text = text.replace(old, new)
    (folder / "clinigate.toml").write_text(text)
    said = gate("--record-baseline")
    assert said.code == ExitCode.USAGE, said
    assert words in said.err
    assert asked() == 0


def test_a_configured_baseline_stands_where_no_option_says_otherwise(
    gate: Callable[..., Said], folder: Path
) -> None:
    text = CONFIG.replace("[model_gate]", "[model_gate]\nbaseline = 'gone'")
    (folder / "clinigate.toml").write_text(text)
    said = gate()
    assert said.code == ExitCode.USAGE
    assert "'gone' is neither a run's id nor its directory" in said.err


def test_the_same_in_one_call(folder: Path, in_use: Any) -> None:
    """A baseline of other cases is refused there too; without one the release may not go."""
    sample = Overrides(profile=Profile.PR)
    empty = LoadedConfig(Config(), folder, "empty")
    with pytest.raises(ConfigError, match=r"has no \[target\]"):
        gate_model(empty, baseline=None, overrides=sample)
    with pytest.raises(UsageError, match="of the system 'therapy'"):
        gate_model(empty, baseline=in_use.conclusion.bundle.path, overrides=sample)
    released = gate_model(load_config(folder / "clinigate.toml"), baseline=None, overrides=sample)
    assert "no baseline was given" in released.decision.reasons[0]
