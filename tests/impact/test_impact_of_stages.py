"""The smallest run is made of the stages that measured what is undone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run as run_command

STUB = Path(__file__).parents[1] / "stages" / "stub.py"

CONFIG = """\
[subject]
name = "stub"
version = "1"

[gate]
policy = "policy.toml"

[inputs.rails]
paths = ["odd.txt"]
claims = ["chaos.rails.*"]

[inputs.prompt]
paths = ["prompts"]
"""
POLICY = """\
schema = "clinigate.policy/1"
name = "stages"

[environments.development]
certifies = false
require_signed = false

[[environments.development.criteria]]
id = "chaos.rails.rto"
demand = "report"

[[environments.development.criteria]]
id = "chaos.replica.rto"
demand = "required"
"""


def stage(name: str, metric: str) -> str:
    argv = [sys.executable, "-I", "-S", str(STUB), metric, "12"]
    return f'\n[[stage]]\nname = "{name}"\nrun = {json.dumps(argv)}\n'


@pytest.fixture
def staged(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run of two stages, sealed by `clinigate run`."""
    project.configure(
        stage("rails", "chaos.rails.rto") + stage("kill", "chaos.replica.rto"), instead=CONFIG
    )
    project.write({"policy.toml": POLICY})
    project.commit()
    monkeypatch.chdir(project.path)
    assert run_command(["run"]) == 0
    return project


def test_a_stage_is_named_by_what_it_measured(staged: Any) -> None:
    """One of two stages is enough; a decision on another commit needs both, and that is said."""
    staged.write({"odd.txt": "2\n"})
    code, found, _ = staged.impact()
    assert (code, [each["criterion"] for each in found["invalidated"]]) == (1, ["chaos.rails.rto"])
    assert found["commands"] == ["clinigate run --stage rails"]
    assert "a gate joins stages of one commit" in found["notes"][0]


def test_all_stages_are_the_whole_run(staged: Any) -> None:
    """Nobody types every name."""
    staged.write({"prompts/system.md": "Be brief.\n"})
    code, found, _ = staged.impact()
    assert (code, found["commands"], found["kept"]) == (1, ["clinigate run"], [])


def test_a_stage_that_is_gone_is_replaced_by_what_measures_it(staged: Any) -> None:
    """A configuration without that stage: the part of Clinigate that measures it is named."""
    staged.write({"odd.txt": "2\n"})
    staged.configure(stage("kill", "chaos.replica.rto"), instead=CONFIG)
    assert staged.impact()[1]["commands"] == ["clinigate chaos run NAME"]


def test_a_commit_is_compared_with_what_the_run_claimed(staged: Any) -> None:
    """Against a revision the same stages are named."""
    staged.write({"odd.txt": "2\n"})
    code, found, _ = staged.impact("--since", "HEAD")
    assert (code, found["commands"]) == (1, ["clinigate run --stage rails"])


def test_every_producer_has_something_that_measures_it(project: Any) -> None:
    """Whoever's claim is undone, a command is named, with a configuration or without."""
    from clinigate.core import Criterion, Relation
    from clinigate.pipeline.impact import Claim, Lost
    from clinigate.pipeline.restoring import restoring_commands
    from clinigate.pipeline.rests import CLINICAL
    from clinigate.pipeline.setup import PRODUCERS

    for producer in (*PRODUCERS, CLINICAL):
        metric = f"{producer}.metric"
        lost = [Lost(Claim(Criterion(metric, metric, Relation.BELOW, 1.0)), ("image",))]
        (command,) = restoring_commands(
            lost, config=project.config, run=None, stages=({}, {}), one_build=True
        )
        assert command.startswith(("clinigate ", "pytest"))
