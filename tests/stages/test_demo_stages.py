"""`clinigate demo --all-stages` runs what exists; its policy demands something of each stage."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from clinigate.cli.app import app
from clinigate.cli.demo_project import write_project
from clinigate.cli.demo_stages import POLICY, STAGES, stages_of
from clinigate.cli.exits import ExitCode
from clinigate.clinical.criteria import CRITERIA
from clinigate.config.loader import load_config
from clinigate.gate.policy import Demand, load_policy
from clinigate.pipeline.criteria import producer_criteria


def test_the_stages_stand_in_the_order_of_the_platforms_pipeline() -> None:
    names = [stage.name for stage in STAGES]
    assert names == ["security", "clinical", "hipaa", "phi", "performance", "chaos"]
    assert all(stage.required for stage in STAGES)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_each_command_is_one_that_a_user_may_type(stage: Any) -> None:
    """A command or an option that was renamed is noticed before somebody starts the demo."""
    for command in stage.commands:
        words = command.argv[3:]
        if command.argv[2] == "pytest":
            assert words[0] == "--pyargs"
            continue
        group: Any = app
        context = click.Context(app, info_name="clinigate")
        while isinstance(group, click.Group):
            name, group, words = group.resolve_command(context, list(words))
            context = click.Context(group, info_name=name, parent=context)
        parser = group.make_parser(context)
        parser.parse_args(args=list(words))


def test_the_hunt_for_leaks_is_told_of_the_defect() -> None:
    shown = [command.shown for stage in stages_of("phi-in-url") for command in stage.commands]
    assert "clinigate phi trace --reference --defect phi-in-url" in shown
    assert stages_of(None) == STAGES


def test_its_policy_requires_something_of_each_stage_that_can_be_judged_anywhere() -> None:
    policy = load_policy(POLICY, "development")
    known = {each.id for each in (*CRITERIA, *producer_criteria())}
    assert {each.id for each in policy.demands} <= known
    families = {
        each.id.partition(".")[0] for each in policy.demands if each.demand is Demand.REQUIRED
    }
    assert families >= {"security", "crisis", "hipaa", "phi", "load", "chaos"}


def test_the_project_is_one_that_a_team_could_have_written(tmp_path: Path) -> None:
    service = SimpleNamespace(
        base_url="https://127.0.0.1:1", ca_file=tmp_path / "ca.pem", database=tmp_path / "db",
        model={"model": "calibrator", "exposed_to": ["crisis-en"]}, audit_log=tmp_path / "audit",
        log_file=tmp_path / "log", verifier=lambda what: ["verify", what], people={},
    )  # fmt: skip
    today = date(2026, 1, 5)
    path = write_project(tmp_path, service, today=today, run={"seed": 3})  # type: ignore[arg-type]
    config = load_config(path).config
    assert config.run.seed == 3
    assert config.gate.policy == POLICY
    attested = tomllib.loads((tmp_path / config.hipaa.attestations).read_text(encoding="utf-8"))
    assert attested


@pytest.mark.parametrize("words", [["--resilience"], ["--profile", "pr"]])
def test_all_stages_are_all_or_none(folder: Any, words: list[str]) -> None:
    said = folder.run("--all-stages", *words, command="demo")
    assert said.code == ExitCode.USAGE
    assert "--all-stages runs everything in full" in said.sentence


def test_stages_of_stubs_stand_for_the_demos_in_the_same_order(
    folder: Any, stage: Callable[..., dict[str, Any]]
) -> None:
    """The demo's own takes minutes; what it does with its stages is what `clinigate run` does."""
    folder.stages(*(stage(each.name) for each in STAGES))
    assert folder.run("--keep-going").code == ExitCode.OK
    assert list(folder.outcomes) == [each.name for each in STAGES]
