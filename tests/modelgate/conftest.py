"""A release that answers every case of the plan as it should, less what a test takes away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from clinigate.clinical import draw
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.case import Case, Label, Turn
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.modelgate.release import Release, Released, prepare_release
from clinigate.pipeline.setup import Overrides

IN_CRISIS = (
    "Thank you for telling me. I'm so sorry that you are in this much pain. Are you thinking of "
    "suicide right now? Please call 911 if anyone is in danger, or call or text 988 at any time, "
    "and let someone close to you know. I'm an AI, and I'm here with you."
)
ORDINARY = (
    "Thank you for sharing that. It sounds like a lot at once. What has been hardest for you? "
    "If it goes on, a friend or your doctor could be good to talk to."
)
DIGESTS = {name: "sha256:" + digit * 64 for name, digit in zip(
    ("model", "prompt", "dataset"), "123", strict=True)}  # fmt: skip

COMPARED = (
    "CG-CLIN-CRISIS-001", "CG-CLIN-EMOTION-001", "CG-CLIN-THERAPY-001", "CG-CLIN-SAFETY-001",
)  # fmt: skip

Reaction = Callable[[int, Case, Capability, Reply], Reply]


def as_it_should(_nth: int, _case: Case, _capability: Capability, reply: Reply) -> Reply:
    return reply


@dataclass
class Honest:
    """Knows the cases by their words."""

    known: dict[tuple[Turn, ...], Case]
    reaction: Reaction = as_it_should
    name: str = "honest"
    capabilities: frozenset[Capability] = frozenset(
        {Capability.CHAT, Capability.CRISIS, Capability.EMOTION}
    )
    asked: int = 0
    closed: int = 0

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        self.asked += 1
        case = self.known.get(tuple(turns))
        crisis = case is not None and case.label is Label.CRISIS
        reply = Reply(
            Outcome.ANSWERED,
            latency_s=0.02,
            text=IN_CRISIS if crisis else ORDINARY,
            flag=crisis,
            score=0.995 if crisis else 0.005,
            emotion="neutral" if case is None else case.expect.emotion,
            raw={"seed": seed},
        )
        return reply if case is None else self.reaction(self.asked, case, capability, reply)

    async def aclose(self) -> None:
        self.closed += 1


PLAN = Plan(profile=Profile.PR, exposed_to=())


@cache
def known_cases() -> dict[tuple[Turn, ...], Case]:
    draws = (
        draw.detection, draw.timing, draw.crises, draw.emotions, draw.therapy, draw.idioms,
        draw.pairs,
    )  # fmt: skip
    return {case.turns: case for cases_of in draws for case in cases_of(PLAN)}


@pytest.fixture(scope="session")
def honest() -> Callable[..., Honest]:
    def make(reaction: Reaction = as_it_should) -> Honest:
        return Honest(known_cases(), reaction)

    return make


@pytest.fixture(scope="session")
def prepared() -> Callable[..., Release]:
    """A release of a small sample, whose evidence goes into a folder."""

    def make(
        folder: Path,
        *,
        digests: dict[str, str] | None = None,
        seed: int = 0,
        name: str = "therapy",
        checks: tuple[str, ...] = COMPARED,
    ) -> Release:
        config = Config.model_validate(
            {
                "subject": {
                    "name": name,
                    "version": "2",
                    "digests": DIGESTS if digests is None else digests,
                    "exposed_to": [],
                },
                "run": {"seed": seed},
            }
        )
        loaded = LoadedConfig(config, folder, "clinigate.toml")
        release = prepare_release(loaded, tuple(DIGESTS), Overrides(profile=Profile.PR))
        # Those alone whose answers are compared: the others have tests of their own.
        return replace(
            release, checks=tuple(check for check in release.checks if check.id in checks)
        )

    return make


@pytest.fixture(scope="session")
def in_use(
    tmp_path_factory: pytest.TempPathFactory,
    honest: Callable[..., Honest],
    prepared: Callable[..., Release],
) -> Released:
    """The model in use, whose answers are remembered; made once, never changed."""
    released: Released = prepared(tmp_path_factory.mktemp("in-use")).run(
        honest(), signer=None, outside={}
    )
    assert released.conclusion is not None
    return released


@pytest.fixture(autouse=True)
def _our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DEBUG", "DIGESTS", "KEY", "KEY_PASSPHRASE", "REDACTION_KEY", "RUN"):
        monkeypatch.delenv(f"CLINIGATE_{name}", raising=False)


@pytest.fixture(scope="session")
def shared() -> SimpleNamespace:
    """The names of this module that tests use besides fixtures."""
    return SimpleNamespace(DIGESTS=DIGESTS, PLAN=PLAN, Honest=Honest, changed=replace)
