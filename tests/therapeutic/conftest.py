"""The suite that `clinigate init` writes, run here against the embedded reference service."""

from __future__ import annotations

import pytest

from clinigate.core.target import Target


@pytest.fixture(scope="session")
def clinical_target(reference_target: Target) -> Target:
    """The reference service stands in for a team's own."""
    return reference_target
