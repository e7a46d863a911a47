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
        "fail each test that leaks identifiers of patients: by output, logs, errors, HTTP, "
        "databases, files",
        evaluates=False,
        prepares=False,
    ),
    Option(
        "phi-guard-streams",
        "what --phi-guard listens to, of: stdout, stderr, log, warning, property, error, http out, "
        "http in, database, file (default: all)",
        {"metavar": "NAME,NAME"},
        evaluates=False,
        prepares=False,
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
        "phi_accept(rule, until, reason, stream): under --phi-guard let the test show what this "
        "rule finds, until a day (YYYY-MM-DD) and for a reason; in one stream alone, or in all.",
    )
    if value(config, "phi-guard"):
        from clinigate.pytest_plugins.phi_guard_setup import guard_for

        config.pluginmanager.register(guard_for(config), "clinigate-phi-guard")
