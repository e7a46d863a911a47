"""Fakes for evidence: a clock that ticks, keys that are made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinigate.evidence.signing import Algorithm, LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore


class TickingClock:
    """Starts at a fixed time and goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(scope="session")
def ed25519() -> LocalSigner:
    return generate_signer(Algorithm.ED25519)


@pytest.fixture(scope="session")
def p256() -> LocalSigner:
    return generate_signer(Algorithm.P256)


@pytest.fixture(scope="session", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> LocalSigner:
    return generate_signer(request.param)


@pytest.fixture(scope="session")
def foreign() -> LocalSigner:
    return generate_signer()


@pytest.fixture(scope="session")
def trusting() -> Callable[..., TrustStore]:
    def build(*signers: LocalSigner) -> TrustStore:
        return TrustStore(tuple(TrustedKey(s.public, "CI", "machine") for s in signers))

    return build


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a directory, so that a test may break it."""

    def copy(directory: Path) -> Path:
        target = tmp_path / f"copy-{directory.name}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(directory, target)
        return target

    return copy
