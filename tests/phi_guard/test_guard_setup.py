"""The guard looks for what the configuration looks for: its rows, its tier, its canaries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from clinigate.phi.model import Letter
from clinigate.phi.recognizer import ENTRY_POINT_GROUP, Recognizer, Tier, form
from clinigate.phi.rows import own
from clinigate.phi.watching import Watcher
from clinigate.pytest_plugins import phi_guard_hearing, phi_guard_setup

pytest_plugins = ["pytester"]

ROW = """
[[phi.recognizer]]
id = "ACME-WARD-CODE"
title = "Code of a ward's patient"
pattern = 'wpc-[0-9]{6}'
"""
NAME = "Spoke with Mrs. Karen Fitz" + "gerald after the visit."


@pytest.fixture
def asked(project: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Returns by what the guard of a configuration looks; another one is compiled for seconds."""
    seen: dict[str, Any] = {}

    def watcher(**given: Any) -> Watcher:
        seen.update(given)
        return Watcher()

    def ask(text: str) -> dict[str, Any]:
        (project.folder / "clinigate.toml").write_text(text)
        project.run("", "def test_it():\n    pass\n").expect_none()
        return seen

    monkeypatch.setattr(phi_guard_setup, "Watcher", watcher)
    return ask


def test_rows_of_the_configuration_are_looked_for(asked: Any) -> None:
    assert [row.id for row in asked(ROW)["rows"]][-1] == "ACME-WARD-CODE"


def test_the_tier_decides_and_patterns_of_paths_do_not(asked: Any) -> None:
    seen = asked('[phi]\ntier = "contextual"\n[[phi.path]]\nglob = "**"\nthreshold = 1.0\n')
    assert (seen["threshold"], seen["names"]) == (0.4, False)
    seen = asked('[phi]\ntier = "name"\n')
    assert (seen["threshold"], seen["names"]) == (0.3, True)


def test_rows_of_installed_packages_are_looked_for(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Point(EntryPoint):
        def load(self) -> object:
            return KEY

    def points(group: str) -> EntryPoints:
        return EntryPoints([Point("acme", "acme:rows", ENTRY_POINT_GROUP)])

    class Package:
        def read_text(self, name: str) -> str | None:
            said = {"entry_points.txt": f"[{ENTRY_POINT_GROUP}]\nacme = acme:rows\n"}
            return said.get(name)

    monkeypatch.setattr(phi_guard_setup, "distributions", lambda: iter([Package()]))
    monkeypatch.setattr(own, "entry_points", points)
    assert [row.id for row in asked("")["rows"]][-1] == "ACME-KEY"


KEY = Recognizer("ACME-KEY", Letter.R, "A key", Tier.IDENTIFIER, (form(r"KEY\d{4}", 0.7),))


def test_a_watcher_looks_by_rows_threshold_and_names() -> None:
    def rules(text: str, **by: Any) -> list[str]:
        return [sight.rule for sight in Watcher(rows=[KEY], **by).look(text).sights]

    assert rules("id KEY" + "1234", threshold=0.7) == ["ACME-KEY"]
    assert rules("id KEY" + "1234", threshold=0.75) == []
    assert rules(NAME, threshold=0.3, names=True) == ["CG-PHI-PERSON"]
    assert rules(NAME, threshold=0.3) == []
    assert rules(NAME, threshold=0.8, names=True) == []


def test_what_held_nothing_is_known_again_and_what_was_accepted_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watcher, text = Watcher(rows=[KEY], threshold=0.7), "id KEY" + "1234"
    assert watcher.look(text, accepted=["ACME-KEY"]).sights == ()
    assert watcher.look("id KEY 12").sights == ()
    assert [sight.rule for sight in watcher.look(text).sights] == ["ACME-KEY"]
    monkeypatch.setattr(watcher, "_found", pytest.fail)
    assert watcher.look("id KEY 12").sights == ()


def test_a_row_that_cannot_be_run_ends_the_session(project: Any) -> None:
    (project.folder / "clinigate.toml").write_text(ROW.replace("{6}", "+"))
    ran = project.run("", "def test_it():\n    pass\n")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ACME-WARD-CODE" in ran.out


def test_without_a_configuration_the_guard_brings_no_nouns_of_a_run() -> None:
    """What it starts with is what it costs every session."""
    program = (
        "import json, sys\n"
        "from clinigate.pytest_plugins import phi, phi_guard, phi_guard_setup\n"
        "phi_guard_setup.Watcher().sights(b'a 1')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    homes = {"core", "config", "evidence", "findings", "pipeline"}
    loaded = {name.split(".")[1] for name in json.loads(done.stdout) if name[:10] == "clinigate."}
    assert not loaded & homes


def test_what_is_said_beyond_what_is_kept_is_told(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed pytest has whole; of log records nobody has the rest."""
    monkeypatch.setattr(phi_guard_hearing, "MOST", 1000)
    says = "import logging\nLOG = logging.getLogger()\n"
    tests = "def test_{0}():\n    for _ in range(3):\n        {1}('-' * 900)\n"
    ran = project.run("", says + tests.format("log", "LOG.warning"))
    assert "none leaked, 1 streams not listened to their end" in ran.out
    ran = project.run("", tests.format("print", "print"))
    assert "none leaked\n" in ran.out
