"""The synthetic runs, and a browser for the tests that need a real one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"


def load_module(name: str) -> ModuleType:
    """A module beside this file; tests are no package, so that it has no other name."""
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    load_module("report_example_leaks")  # each is what the next ones import
    load_module("report_example_runs")
    load_module("report_example_figures")
    return load_module("report_examples")


@pytest.fixture(scope="session")
def regenerate(examples: ModuleType) -> ModuleType:
    return load_module("regenerate_reports")


def need_chromium() -> str:
    """The path of a Chromium. Without one the test is skipped by name, in our CI it fails."""
    found = os.environ.get("CLINIGATE_CHROMIUM") or shutil.which("chromium") or CHROMIUM
    if Path(found).exists():
        return found
    missing = "no Chromium: install it, or name it in CLINIGATE_CHROMIUM"
    if os.environ.get("CLINIGATE_REQUIRE_ALL") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = need_chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()
