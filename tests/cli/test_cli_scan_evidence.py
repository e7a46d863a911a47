"""What a scan says for information alone is evidence that verifies and that a report can show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata: { name: companion, labels: { pod-security.kubernetes.io/enforce: restricted } }
---
apiVersion: weird.example/v1
kind: Strange
metadata: { name: x, namespace: companion }
spec: { a: 1 }
"""


def clinigate(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "clinigate", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_kind_that_no_rule_knows_breaks_no_evidence(tmp_path: Path) -> None:
    """It stands as a gap; the bundle's results still follow from what was recorded."""
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "x"\n', encoding="utf-8")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text(MANIFEST, encoding="utf-8")
    clinigate(tmp_path, "platform", "scan")
    assert "L4  ok" in clinigate(tmp_path, "verify", "last")
