"""The same report gives the same bytes, and the golden files are what the code makes today."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = "tests/reports/regenerate_reports.py"


def test_golden_files_are_what_the_script_makes(regenerate: ModuleType) -> None:
    """A change of a renderer is seen; the script accepts it."""
    made = dict(regenerate.rendered())
    kept = {path.name: path.read_text(encoding="utf-8") for path in regenerate.GOLDEN.iterdir()}
    assert sorted(made) == sorted(kept)
    for name, text in made.items():
        assert text == kept[name], f"{name}: run {SCRIPT} and look at the diff"


def test_another_process_makes_the_same_bytes() -> None:
    """No set order, no hash seed and no clock gets into a page."""
    script = (
        "import hashlib, regenerate_reports as made; "
        "print(hashlib.sha256(repr(list(made.rendered())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    }
    assert len(digests) == 1
