"""The page about the service tells every route, option and defect as they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.reference.defects import DEFECTS

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
    command = [sys.executable, "-m", "clinigate.reference", "--help"]
    shown = set(re.findall(r"--[a-z][a-z-]+", subprocess.check_output(command, text=True)))
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) == shown - {"--help", "--list-defects"}
