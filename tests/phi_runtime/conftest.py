"""What the tests of the runtime share: values that are planted, in no form of anybody's."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def ssn() -> str:
    """A social security number that could be somebody's, in parts."""
    return "219-53-" + "8841"


@pytest.fixture(scope="session")
def email() -> str:
    """An address of a person at a domain that is no example."""
    return "maria.quist@" + "lakeside-clinic.org"
