"""`--phi-guard`: a test that prints, logs or raises an identifier of a patient fails.

Without the option nothing is looked at and nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinigate.pytest_plugins.options import Option, add_options, disregard_values, value

__all__ = ["OPTIONS"]

OPTIONS = (
    Option(
        "phi-guard",
        "fail each test that leaks identifiers of patients by stdout, stderr, log or error",
        evaluates=False,
    ),
)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Add our option after everybody else's."""
    disregard_values(early_config, args, OPTIONS)
    yield
    add_options(early_config, parser, OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Document the marker; begin to watch where it is asked for."""
    config.addinivalue_line(
        "markers",
        "phi_accept(rule, until, reason): under --phi-guard let the test show what this rule "
        "finds, until a day (YYYY-MM-DD) and for a reason.",
    )
    if value(config, "phi-guard"):
        from clinigate.pytest_plugins.phi_guard import guard_for

        config.pluginmanager.register(guard_for(config), "clinigate-phi-guard")
