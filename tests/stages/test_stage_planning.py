"""Stages come in an order that their needs allow; what cannot be meant is told before any runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.cli.exits import ExitCode
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.stages import USES
from clinigate.core.plan import Profile
from clinigate.errors import ConfigError
from clinigate.pipeline.stages.known import DEFAULT, Unconfigured, commands_of
from clinigate.pipeline.stages.model import user_command
from clinigate.pipeline.stages.planning import plan_stages

TARGET = {
    "kind": "python",
    "function": "service:answer",
    "capabilities": ["chat"],
}


def configured(tables: list[dict[str, Any]] | None = None, **more: Any) -> LoadedConfig:
    config = Config.model_validate({"stage": tables or [], **more})
    return LoadedConfig(config, Path.cwd(), "clinigate.toml")


def program(name: str, *needs: str) -> dict[str, Any]:
    return {"name": name, "run": [sys.executable, "--version"], "needs": list(needs)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('name = "a"\nuses = "clinicl"', ("'stage.0.uses': nothing of this name can be used; "
         "did you mean 'clinical'?")),
        ('name = "a"', "'stage.0': stage 'a': give either uses or run"),
        ('name = "a"\nuses = "phi"\nrun = ["true"]', "give either uses or run"),
        ('name = "a b"\nrun = ["true"]', "'stage.0.name': must be up to 40 lower-case letters"),
        ('name = "a"\nrun = []', "'stage.0.run': must name a program"),
        ('name = "a"\nrun = ["true"]\nneed = ["b"]', ("unknown key 'stage.0.need'; did you mean "
         "'needs'?")),
        ('name = "a"\nrun = ["true"]\ntimeout_s = 0', "'stage.0.timeout_s'"),
        ('name = "build"\nrun = ["true"]\nneeds = ["biuld"]', ("'stage.0.needs': no stage 'biuld'; "
         "did you mean 'build'?")),
        ('name = "a"\nrun = ["true"]\nneeds = ["a"]', "'stage.0.needs': stage 'a' needs itself"),
        ('name = "a"\nrun = ["true"]\n[[stage]]\nname = "a"\nrun = ["true"]',
         "'stage.1.name': two stages are named 'a'"),
        (('name = "a"\nrun = ["true"]\nneeds = ["b"]\n[[stage]]\nname = "b"\nrun = ["true"]\n'
         'needs = ["a"]'), "a needs b needs a; break the circle"),
        ('name = "a"\nrun = ["no-such-program-here"]', ("stage 'a': no-such-program-here: no such "
         "program")),
        ('name = "a"\nuses = "chaos"', "'stage.0.uses': chaos cannot run: [chaos] experiments"),
        ('name = "a"\nuses = "clinical"', "clinical cannot run: there is no [target]"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_by_its_place(folder: Any, text: str, sentence: str) -> None:
    Path("clinigate.toml").write_text(f"[[stage]]\n{text}\n", encoding="utf-8")
    said = folder.run()
    assert said.code == ExitCode.USAGE
    assert sentence in said.sentence
    assert "clinigate.toml" in said.sentence
    assert not Path(".clinigate").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--stage", "clincal"], ("--stage clincal: no stage has this name; did you mean "
         "'clinical'?")),
        (["--resume", "last"], "'last' is neither a run's id nor its directory"),
        (["--resume", "last", "--keep-going"], "leave out --stage, --keep-going, --profile"),
        (["--policy", "demoo"], "demoo"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant(folder: Any, arguments: list[str], sentence: str) -> None:
    Path("clinigate.toml").write_text(
        '[[stage]]\nname = "clinical"\nrun = ["true"]\n', encoding="utf-8"
    )
    said = folder.run(*arguments)
    assert said.code == ExitCode.USAGE
    assert sentence in said.sentence
    assert not Path(".clinigate").exists()


def test_no_run_begins_within_a_run(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIGATE_RUN", "somewhere")
    assert "from within a run already" in folder.run().sentence


def test_a_stage_that_was_not_configured_cannot_be_chosen(folder: Any) -> None:
    said = folder.run("--stage", "clinical")
    assert said.code == ExitCode.USAGE
    assert "not configured: there is no [target]" in said.sentence


def test_without_stages_those_run_that_are_configured(folder: Any) -> None:
    stages = plan_stages(configured())
    assert tuple(stage.name for stage in stages) == DEFAULT
    assert {stage.name for stage in stages if stage.selected} == {"security", "phi"}
    for stage in stages:
        assert stage.selected or stage.left_out.startswith("not configured: ")
    stages = plan_stages(configured(target=TARGET))
    assert {stage.name for stage in stages if not stage.selected} == {"chaos"}


@pytest.mark.parametrize("uses", USES)
@pytest.mark.parametrize("profile", list(Profile))
def test_everything_that_can_be_used_is_a_command_or_a_reason(uses: str, profile: Profile) -> None:
    found = commands_of(uses, configured(target=TARGET), profile)
    if isinstance(found, Unconfigured):
        assert uses in ("chaos", "load")
    else:
        assert found
        for command in found:
            assert command.argv[0] == sys.executable
            assert command.shown.startswith(("clinigate ", "python -m pytest "))


def test_a_sample_is_drawn_by_the_suites(folder: Any) -> None:
    Path("tests/clinical").mkdir(parents=True)
    (command,) = commands_of("clinical", configured(target=TARGET), Profile.PR)  # type: ignore[misc]
    assert command.shown == "python -m pytest tests/clinical --profile pr"
    (command,) = commands_of("clinical", configured(target=TARGET), Profile.FULL)  # type: ignore[misc]
    assert command.shown == "python -m pytest tests/clinical --clinical-grade"


def test_what_a_chosen_stage_needs_runs_too() -> None:
    tables = [program("a"), program("b", "a"), program("c"), program("d", "b")]
    stages = plan_stages(configured(tables), only=["d"])
    assert [stage.name for stage in stages if stage.selected] == ["a", "b", "d"]


@st.composite
def graphs(draw: st.DrawFn) -> Mapping[str, frozenset[str]]:
    names = [f"s{number}" for number in range(draw(st.integers(1, 6)))]
    return {name: draw(st.frozensets(st.sampled_from(names))) for name in names}


@given(graphs())
def test_every_order_keeps_the_needs_and_every_circle_is_refused(
    graph: Mapping[str, frozenset[str]],
) -> None:
    tables = [program(name, *sorted(needs)) for name, needs in graph.items()]
    try:
        order = [stage.name for stage in plan_stages(configured(tables))]
    except ConfigError:
        assert is_circular(graph)
        return
    assert not is_circular(graph)
    assert sorted(order) == sorted(graph)
    for place, name in enumerate(order):
        assert graph[name] <= set(order[:place])


def is_circular(graph: Mapping[str, frozenset[str]]) -> bool:
    """Whether a stage needs itself over some path, by following every path to its end."""
    reach = {name: set(needs) for name, needs in graph.items()}
    for _ in graph:
        for found in reach.values():
            found |= set().union(*(reach[each] for each in found)) if found else set()
    return any(name in found for name, found in reach.items())


def test_stages_that_need_nothing_stay_as_they_stand() -> None:
    tables = [program("z"), program("a"), program("m", "a")]
    assert [stage.name for stage in plan_stages(configured(tables))] == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["make", "test"], "make test"),
        (["sh", "-c", "a; b"], "sh -c 'a; b'"),
        (["deploy", "--token", "abc"], "deploy --token '[hidden]'"),
        (["deploy", "--api-key=abc"], "deploy '--api-key=[hidden]'"),
        (["env", "DB_PASSWORD=abc", "x"], "env 'DB_PASSWORD=[hidden]' x"),
        (
            ["sh", "-c", "a --token=b c; d --password 'e f' g"],
            "sh -c 'a --token=[hidden] c; d --password [hidden] g'",
        ),
        (
            ["curl", "-H", "Authorization: Bearer abc", "https://me:pw@host/x"],
            "curl -H 'Authorization: Bearer [hidden]' 'https://[hidden]@host/x'",
        ),
        (["make", "basics", "tokens"], "make basics tokens"),
        (["/somewhere/bin/python", "x.py"], "python x.py"),
    ],
)
def test_a_command_is_shown_without_its_secrets(words: list[str], shown: str) -> None:
    command = user_command(words)
    assert command.argv == tuple(words)
    assert command.shown == shown
