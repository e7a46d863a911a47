"""Importing the package costs nothing; a function under test pulls in no HTTP client."""

from __future__ import annotations

import subprocess
import sys

import clinigate.targets

SCRIPT = """
import sys
import clinigate.targets
heavy = {"httpx", "jmespath", "pydantic", "numpy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert not [m for m in sys.modules if m.startswith("clinigate.targets.")]
clinigate.targets.callable_target(lambda text: text)
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    """Checked in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)


def test_every_public_name_resolves() -> None:
    """`__all__` is the API, and an unknown name is an AttributeError as anywhere."""
    assert all(getattr(clinigate.targets, name) for name in clinigate.targets.__all__)
    assert not hasattr(clinigate.targets, "no_such_name")
