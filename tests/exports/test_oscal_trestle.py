"""compliance-trestle, which others read OSCAL with, imports what we write and finds it valid."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clinigate.controls.oscal import CATALOG_FILE, oscal_catalog, oscal_text
from clinigate.pipeline.exports import FILES, Form, Material, exported
from clinigate.reports.oscal_results import frameworks_of

ROOT = Path(__file__).parents[2]


def need_trestle() -> str:
    """The path of trestle. Without one the test is skipped by name, in our CI it fails."""
    own = ROOT / ".venv-trestle" / "bin" / "trestle"
    found = os.environ.get("CLINIGATE_TRESTLE") or (str(own) if own.is_file() else None)
    found = found or shutil.which("trestle")
    if found is not None:
        return found
    missing = "no trestle: make .venv-trestle/bin/trestle, or name one in CLINIGATE_TRESTLE"
    if os.environ.get("CLINIGATE_REQUIRE_ALL") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def test_trestle_takes_results_profile_and_catalog(
    material: Callable[..., Material], tmp_path: Path
) -> None:
    trestle = need_trestle()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    given = material()
    documents = {
        FILES[Form.OSCAL]: exported(Form.OSCAL, given).data,
        FILES[Form.OSCAL_PROFILE]: exported(Form.OSCAL_PROFILE, given).data,
        CATALOG_FILE: oscal_text(oscal_catalog(frameworks_of(given.report))).encode(),
    }

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [trestle, *arguments], cwd=workspace, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    call("init", "--local")
    for number, (name, data) in enumerate(documents.items()):
        (tmp_path / name).write_bytes(data)
        call("import", "-f", str(tmp_path / name), "-o", f"document-{number}")
    assert call("validate", "-a").count("VALID: ") == len(documents)
