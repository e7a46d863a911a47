"""Any rail that is broken refuses, later ones are not asked, and every answer is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chaos_bench import Bench, make_bench
from flag_driver import NAME, FlagDriver
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.chaos import units
from clinigate.chaos.drivers.base import Environment, UndoStep, Victim
from clinigate.chaos.flight import note_spent, spent_s
from clinigate.chaos.model import Blackout
from clinigate.chaos.policy import weekly_span
from clinigate.chaos.rails import (
    RAILS,
    RailOutcome,
    RailRequest,
    check_rails,
    looks_like_production,
)

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday


@dataclass
class Scene:
    """One request whose every part a breakage may change."""

    bench: Bench
    driver: Any
    given: dict[str, Any] = field(default_factory=dict)

    def request(self) -> RailRequest:
        plain = RailRequest(
            experiment=self.bench.experiment,
            policy=self.bench.policy,
            environment="local",
            driver_name=NAME,
            driver=self.driver,
            now=NOON,
            take_flight=lambda: None,
        )
        return replace(plain, **self.given)

    def experiment(self, **changes: Any) -> None:
        self.bench = self.bench.with_experiment(**changes)

    def target(self, **changes: Any) -> None:
        fault = self.bench.experiment.fault
        self.experiment(fault=replace(fault, target=replace(fault.target, **changes)))

    def safety(self, **changes: Any) -> None:
        self.experiment(safety=replace(self.bench.experiment.safety, **changes))

    def policy(self, **changes: Any) -> None:
        self.bench = self.bench.with_policy(**changes)


class OtherDriver(FlagDriver):
    """The fake driver with answers of one's choice."""

    def __init__(self, bench: Bench, **answers: Any) -> None:
        super().__init__(bench.options)
        self.answers = answers

    def _answer(self, name: str, usual: Callable[[], Any]) -> Any:
        answer = self.answers.get(name, usual)
        return answer() if callable(answer) else answer

    def environment(self) -> Environment:
        return self._answer("environment", super().environment)

    def resolve(self, selector: Any) -> tuple[Victim, ...]:
        return self._answer("resolve", lambda: FlagDriver.resolve(self, selector))

    def members(self, group: str) -> tuple[Victim, ...]:
        return self._answer("members", lambda: FlagDriver.members(self, group))

    def undo_steps(self, fault: Any, victims: Any) -> tuple[UndoStep, ...]:
        return self._answer("undo_steps", lambda: FlagDriver.undo_steps(self, fault, victims))


def broken() -> Any:
    raise OSError("no answer")


def _kill_file(scene: Scene) -> None:
    scene.bench.policy.kill_file.touch()


def _own_kill_file(scene: Scene) -> None:
    path = scene.bench.root / "own-halt"
    path.touch()
    scene.safety(kill_file=str(path))


#: Rail: what breaks it, each in one way.
BREAKAGES: dict[str, tuple[Callable[[Scene], None], ...]] = {
    "kill-file": (_kill_file, _own_kill_file),
    "single-flight": (
        lambda s: s.given.update(take_flight=lambda: "process 1"),
        lambda s: s.given.update(take_flight=broken),
    ),
    "leftovers": (lambda s: s.given.update(leftovers="20260101-abc"),),
    "environment": (
        lambda s: s.given.update(environment="elsewhere"),
        lambda s: s.safety(environments=("staging",)),
        lambda s: s.given.update(driver_name="kubernetes"),
        lambda s: s.driver.answers.update(environment=Environment("local", "kube:1")),
        lambda s: s.driver.answers.update(environment=broken),
        lambda s: s.driver.answers.update(environment=Environment("staging", "local:1")),
    ),
    "production": (
        lambda s: s.driver.answers.update(
            environment=Environment("local", "local:1", production=True)
        ),
        lambda s: (
            s.safety(environments=("local", "prod-eu")),
            s.driver.answers.update(environment=Environment("prod-eu", "local:1")),
        ),
    ),
    "selector": (
        lambda s: s.target(selector={}),
        lambda s: s.target(selector={"app": " "}),
    ),
    "targets": (
        lambda s: s.target(selector={"app": "nothing"}),
        lambda s: s.driver.answers.update(resolve=broken),
        lambda s: s.driver.answers.update(members=broken),
        lambda s: s.driver.answers.update(resolve=(Victim("x", "x", {}, "u", "api"),)),
        lambda s: (
            s.target(max_count=2),
            s.driver.answers.update(resolve=(Victim("x", "x", {"app": "api"}, "u", "api"),) * 2),
        ),
    ),
    "cap": (
        lambda s: s.target(max_count=2),
        lambda s: s.target(max_share=0.3),
        lambda s: (s.target(max_count=2, max_share=1.0), s.policy(max_targets=1, max_share=1.0)),
        lambda s: s.policy(max_share=0.2),
    ),
    "survivors": (
        lambda s: s.target(min_survivors=3),
        lambda s: (
            s.target(max_count=3, max_share=1.0, min_survivors=0),
            s.policy(max_share=1.0),
        ),
    ),
    "undo": (
        lambda s: s.driver.answers.update(undo_steps=()),
        lambda s: s.driver.answers.update(undo_steps=broken),
        lambda s: s.driver.answers.update(undo_steps=(UndoStep("nowhere:at_all", "x:y", {}),)),
        lambda s: s.driver.answers.update(
            undo_steps=(UndoStep("flag_undo:lower", "flag_undo:no_such", {}),)
        ),
    ),
    "window": (lambda s: s.safety(window=units.window("Mon-Tue 03:00-05:00 UTC")),),
    "blackout": (
        lambda s: s.policy(blackouts=(weekly_span("Wed 11:00-13:00 UTC"),)),
        lambda s: s.safety(
            blackout=(Blackout(NOON, NOON.replace(hour=13), "an incident is open"),)
        ),
    ),
    "budget": (
        lambda s: (_far_away(s), s.safety(max_budget_pct=0.1)),
        lambda s: (_far_away(s), s.given.update(spent_s=lambda _: 1295.0)),
        lambda s: (_far_away(s), s.given.update(spent_s=lambda _: broken())),
    ),
}


def _far_away(scene: Scene) -> None:
    """Not this machine's processes, and known by its fingerprint."""
    scene.driver.answers.update(environment=Environment("local", "kube:1"))
    allowed = scene.bench.policy.environments["local"]
    scene.policy(environments={"local": replace(allowed, fingerprint="kube:1")})


def _scene(root: Path) -> Scene:
    bench = make_bench(root)
    return Scene(bench, OtherDriver(bench))


def test_nothing_broken_passes(tmp_path: Path) -> None:
    """Every rail is asked, and the targets are frozen."""
    report = check_rails(_scene(tmp_path).request())
    assert [check.rail for check in report.checks] == list(RAILS)
    assert report.passed
    assert [victim.name for victim in report.victims] == ["api-1"]


WAYS = [(rail, way) for rail, ways in BREAKAGES.items() for way in range(len(ways))]


@pytest.mark.parametrize(("rail", "way"), WAYS)
def test_one_broken_rail_refuses(tmp_path: Path, rail: str, way: int) -> None:
    """It says so itself; the rails before it passed, and those after it were not asked."""
    scene = _scene(tmp_path)
    BREAKAGES[rail][way](scene)
    report = check_rails(scene.request())
    assert report.refusal is not None
    assert (report.refusal.rail, not report.passed) == (rail, True)
    at = list(RAILS).index(rail)
    outcomes = [check.outcome for check in report.checks]
    assert outcomes == [
        *[RailOutcome.PASSED] * at,
        RailOutcome.REFUSED,
        *[RailOutcome.NOT_REACHED] * (len(RAILS) - at - 1),
    ]
    assert scene.bench.flags() == []


@settings(max_examples=60)
@given(st.lists(st.sampled_from(WAYS), min_size=1, max_size=5, unique_by=lambda way: way[0]))
def test_several_broken_rails_never_pass(
    tmp_path_factory: pytest.TempPathFactory, ways: list[tuple[str, int]]
) -> None:
    """Whatever is broken together: refused, and nothing touched."""
    scene = _scene(tmp_path_factory.mktemp("scene"))
    for rail, way in ways:
        BREAKAGES[rail][way](scene)
    report = check_rails(scene.request())
    assert not report.passed
    assert report.refusal is not None
    assert scene.bench.flags() == []


def test_an_all_kill_needs_its_declaration(tmp_path: Path) -> None:
    """With the reason why, everyone may be hit, up to the experiment's own number."""
    scene = _scene(tmp_path)
    scene.target(max_count=5, max_share=1.0, min_survivors=0, all_kill="measures a cold start")
    report = check_rails(scene.request())
    assert report.passed
    assert len(report.victims) == 3


@pytest.mark.parametrize(
    ("name", "is_production"),
    [("production", True), ("prod", True), ("eu-prod-2", True), ("live", True), ("prd_1", True),
     ("staging", False), ("local", False), ("reproduction", False)],
)  # fmt: skip
def test_production_is_known_by_its_name(name: str, is_production: bool) -> None:
    """Whatever the configuration forgot to say."""
    assert looks_like_production(name) is is_production


def test_local_budgets_are_nobodys(tmp_path: Path) -> None:
    """Processes of this machine serve nobody; their experiments are never out of budget."""
    scene = _scene(tmp_path)
    scene.given.update(spent_s=lambda _: 1e9)
    assert check_rails(scene.request()).passed


def test_windows_past_midnight(tmp_path: Path) -> None:
    """The hours after midnight belong to the day on which the window began."""
    scene = _scene(tmp_path)
    scene.safety(window=units.window("Tue 22:00-14:00 UTC"))
    assert check_rails(scene.request()).passed
    scene.given.update(now=NOON.replace(day=24))
    assert not check_rails(scene.request()).passed


def test_what_was_spent_is_counted_by_environment_and_period(tmp_path: Path) -> None:
    """Thirty days of one environment, and nobody else's."""
    note_spent(tmp_path, "kube:1", 10.0, NOON.replace(month=10, day=1))
    note_spent(tmp_path, "kube:1", 20.0, NOON)
    note_spent(tmp_path, "kube:2", 40.0, NOON)
    assert spent_s(tmp_path, "kube:1", NOON) == 20.0
