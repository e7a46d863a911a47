"""What the static job uploads is the bundle's findings, in a form that code scanning reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinigate.ci.sarif import main
from clinigate.cli.app import run
from clinigate.evidence.runs import RunStore


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLINIGATE_CONFIG", raising=False)
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.run(input(), shell=True)\n")
    assert run(["security", "scan", "--scanner", "bandit", "bad.py"]) == 1
    (name,) = RunStore(tmp_path / ".clinigate").runs()
    return tmp_path / ".clinigate" / "runs" / name


def test_findings_keep_their_places(bundle: Path, tmp_path: Path) -> None:
    assert main([str(bundle), str(tmp_path / "out.sarif")]) == 0
    document = json.loads((tmp_path / "out.sarif").read_text())
    places = {
        (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for each in document["runs"]
        for result in each["results"]
    }
    assert document["version"] == "2.1.0"
    assert ("B602", 2) in places


def test_what_is_no_bundle_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.zip"), "x"]) == 2
    assert capsys.readouterr().err.startswith("clinigate: ")
    assert main(["one"]) == 4
