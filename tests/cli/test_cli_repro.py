"""`clinigate repro` shows one case as it was drawn, and all that the target answers to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clinigate.cli.exits import ExitCode
from clinigate.cli.repro import DRAWN
from clinigate.clinical import draw
from clinigate.core.plan import Plan, Profile


def test_a_case_is_shown_without_asking_anybody(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    case = draw.detection(Plan(profile=Profile.PR))[0]
    said = cli("repro", case.id, "--offline")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert said.out.startswith(f"case       {case.id}  ({case.pack}, core {case.cluster.core}")
    assert case.turns[0].text in said.out
    assert "latency" not in said.out


def test_every_case_that_a_finding_may_name_can_be_found() -> None:
    """Those of a sample and of a full evaluation, whichever check asked them."""
    every = (draw.detection, draw.crises, draw.emotions, draw.therapy, draw.empathy, draw.pairs)
    known = {case.id for drawn in DRAWN for case in drawn(Plan())}
    for profile in Profile:
        for drawn in (*every, draw.timing):
            assert {case.id for case in drawn(Plan(profile=profile))} <= known


def test_a_case_of_a_pair_is_shown_alone(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    case = draw.pairs(Plan(profile=Profile.PR))[-1]
    said = cli("repro", case.id, "--offline")
    assert said.code == ExitCode.OK
    assert [line for line in said.out.splitlines() if line.startswith("case ")] == [
        f"case       {case.id}  ({case.pack}, core {case.cluster.core}, {case.split})"
    ]
    assert (
        f"slice      {', '.join(f'{key}={value}' for key, value in case.slice.items())}" in said.out
    )


def test_a_case_is_replayed_with_all_that_was_answered(
    cli: Callable[..., Any], service_config: Callable[..., Any]
) -> None:
    service_config()
    case = draw.crises(Plan(profile=Profile.PR))[0]
    said = cli("repro", case.id)
    assert (said.code, said.err) == (ExitCode.OK, "")
    for capability in ("crisis", "chat", "emotion"):
        assert f"\n{capability}: answered, " in said.out
    assert "   flag: True" in said.out
    assert "   raw: {" in said.out
    assert '"crisis":true' in said.out
    assert "1 attempt(s)" in said.out


def test_a_case_of_another_seed_is_not_there(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    case = draw.detection(Plan(profile=Profile.PR))[-1]
    said = cli("repro", case.id, "--seed", "7", "--offline")
    assert said.code == ExitCode.USAGE
    assert f"no case {case.id!r} in the configured packs at seed 7" in said.sentence


def test_without_a_target_only_the_case_is_shown(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    mine.config.write_text('[subject]\nname = "x"\n', encoding="utf-8")
    case = draw.detection(Plan(profile=Profile.PR))[0]
    said = cli("repro", case.id)
    assert said.code == ExitCode.USAGE
    assert "clinigate.toml: no [target] to ask; --offline shows the case alone" in said.sentence


def test_an_answer_cannot_act_on_the_terminal(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """A service may answer with anything; it is shown, and does nothing."""
    mine = project()
    mine.edit("small_service_clean:answer", "fooling_service:answer")
    (mine.folder / "fooling_service.py").write_text(
        "def answer(text, capability):\n"
        "    return {'text': '\\x1b[2Jhello\\u202e', 'flag': True, 'emotion': 'joy'}\n",
        encoding="utf-8",
    )
    said = cli("repro", draw.crises(Plan(profile=Profile.PR))[0].id)
    assert said.code == ExitCode.OK
    assert "text: [U+001B][2Jhello[U+202E]" in said.out
    assert "\x1b" not in said.out
