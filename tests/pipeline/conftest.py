"""A configured project, a target in memory, and checks that do as they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.case import Turn
from clinigate.core.check import Check
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target

POLICY = """\
schema = "clinigate.policy/1"
name = "small"

[environments.development]
certifies = false
require_signed = false

[[environments.development.criteria]]
id = "emotion.accuracy"
demand = "required"

[environments.production]
max_age_days = 7

[[environments.production.criteria]]
id = "emotion.accuracy"
demand = "required"
limit = 0.97
confidence = 0.99
"""

CONFIG = """\
[subject]
name = "small"
version = "2"

[gate]
policy = "policy.toml"
"""


class FakeTarget:
    """Answers to everything; knows when it was closed."""

    name = "fake"
    capabilities = frozenset({Capability.EMOTION})

    def __init__(self, outcome: Outcome = Outcome.ANSWERED) -> None:
        self.outcome = outcome
        self.closed = False

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        return Reply(self.outcome, 0.001, emotion="joy", error="nobody is there")

    async def aclose(self) -> None:
        self.closed = True


def accuracy(correct: int, n: int = 400) -> Observation:
    """That many of `n` emotions were recognised."""
    about = Measurement("emotion.accuracy", Kind.RATE, correct / n, n, events=correct)
    return Observation("CG-TEST-PIPE-001", about)


def check_that(
    *seen: Observation | BaseException, needs: frozenset[Capability] = frozenset()
) -> Check:
    """A check that yields observations, and raises what is an exception."""

    async def run(target: Target, plan: Plan, /) -> AsyncIterator[Observation]:
        """Do as told."""
        for each in seen:
            if isinstance(each, BaseException):
                raise each
            yield each

    return Check("CG-TEST-PIPE-001", run, ("emotion.accuracy",), needs, ())


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., LoadedConfig]:
    """Write and read a configuration; what is given is added to it."""

    def load(more: str = "", *, policy: str = POLICY) -> LoadedConfig:
        (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
        (tmp_path / "clinigate.toml").write_text(CONFIG + more, encoding="utf-8")
        return load_config(tmp_path / "clinigate.toml")

    return load


@pytest.fixture(scope="session")
def world() -> Any:
    """The names of this module that tests use besides fixtures."""
    return SimpleNamespace(FakeTarget=FakeTarget, accuracy=accuracy, check_that=check_that)
