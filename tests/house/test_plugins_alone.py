"""Our pytest plugins ask for no plugin that a user may not have."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path


def test_an_empty_test_runs_with_ours_alone(tmp_path: Path) -> None:
    """As where neither xdist nor anything else is installed; and nothing of ours shows."""
    points = entry_points(group="pytest11")
    ours = [point.name for point in points if point.module.startswith("clinigate.")]
    assert ours
    blocked = [
        word for point in points if point.name not in ours for word in ("-p", f"no:{point.name}")
    ]
    (tmp_path / "test_empty.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *blocked],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
    assert "clinigate" not in done.stdout
    assert not (tmp_path / ".clinigate").exists()
