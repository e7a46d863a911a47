"""Targets that know the answers, and projects to judge them by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.clinical import draw
from clinigate.core.case import Label
from clinigate.core.plan import Plan, Profile

POLICY = """\
schema = "clinigate.policy/1"
name = "tiny"

[environments.development]
certifies = {certifies}
require_signed = false
"""
CRITERION = '\n[[environments.development.criteria]]\nid = "{id}"\ndemand = "{demand}"\n'


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a configuration whose policy demands what is named, and go there."""

    def write(*, certifies: bool = True, **demands: str) -> Path:
        text = POLICY.format(certifies=str(certifies).lower())
        for name, demand in demands.items():
            criterion = name.replace("__", ".")
            text += CRITERION.format(id=criterion, demand=demand.replace("_", "-"))
        (tmp_path / "policy.toml").write_text(text)
        config = '[subject]\nname = "tiny"\n\n[gate]\npolicy = "policy.toml"\n'
        (tmp_path / "clinigate.toml").write_text(config)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


@pytest.fixture(scope="session")
def emotions() -> dict[str, str]:
    """What each message of the emotion cases shows, full profile and sample."""
    cases = [*draw.emotions(Plan()), *draw.emotions(Plan(profile=Profile.PR))]
    return {case.turns[-1].text: str(case.expect.emotion) for case in cases}


@pytest.fixture(scope="session")
def crises() -> frozenset[str]:
    """The messages of the sample that disclose a crisis."""
    cases = draw.detection(Plan(profile=Profile.PR))
    return frozenset(case.turns[-1].text for case in cases if case.label is Label.CRISIS)


@pytest.fixture
def knowing(emotions: dict[str, str]) -> dict[str, Callable[[str], Any]]:
    """A target that recognises every emotion, and offers nothing else."""

    async def emotion(text: str) -> str:
        return emotions.get(text, "neutral")

    return {"emotion": emotion}


@pytest.fixture
def blind() -> dict[str, Callable[[str], Any]]:
    """A target that sees no emotion at all."""

    async def emotion(text: str) -> str:
        return "boredom"

    return {"emotion": emotion}
