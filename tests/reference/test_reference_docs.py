"""The page about the service tells every route, option and defect as they are."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.criteria import builtin_criteria as chaos_criteria
from clinigate.load.criteria import builtin_criteria as load_criteria
from clinigate.reference.cluster import running_cluster
from clinigate.reference.defects import DEFECTS
from clinigate.reference.operational import OPERATIONAL_DEFECTS

PAGE = (Path(__file__).parents[2] / "docs" / "reference-service.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_is_told_as_its_table_has_it(name: str) -> None:
    defect = DEFECTS[name]
    metrics = ", ".join(f"`{metric}`" for metric in defect.metrics)
    assert f"| `{name}` | {defect.summary} | {metrics} |" in PAGE


def test_every_route_is_told(app: Any) -> None:
    api = app.api
    told = set(re.findall(r"^\| `(GET|POST) (\S+)`", PAGE, re.MULTILINE))
    served = {
        (method, route.path)
        for route in api.routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert told == served


def test_every_option_is_told() -> None:
    shown: set[str] = set()
    for module in ("clinigate.reference", "clinigate.reference.cluster"):
        command = [sys.executable, "-m", module, "--help"]
        shown |= set(re.findall(r"--[a-z][a-z-]+", subprocess.check_output(command, text=True)))
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) == shown - {"--help", "--list-defects"}


def test_every_argument_of_a_cluster_is_told() -> None:
    arguments = set(inspect.signature(running_cluster).parameters)
    told = re.search(r"\| argument \| option.*?\n\n", PAGE, re.DOTALL)
    assert told is not None
    # How long a test waits, and how long the desk takes, is for tests.
    assert arguments - set(re.findall(r"`([a-z_]+)`", told[0])) == {"timeout_s", "resolve_after_s"}


@pytest.mark.parametrize("name", OPERATIONAL_DEFECTS)
def test_each_defect_of_operation_is_told_and_judged(name: str) -> None:
    defect = OPERATIONAL_DEFECTS[name]
    metrics = ", ".join(f"`{metric}`" for metric in defect.metrics)
    assert f"| `{name}` | {defect.summary} | {metrics} |" in PAGE
    judged = {one.metric for one in (*chaos_criteria(), *load_criteria())}
    assert set(defect.metrics) <= judged
