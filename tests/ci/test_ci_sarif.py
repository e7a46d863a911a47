"""What the static job uploads is the bundle's findings, in a form that code scanning reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.config.loader import load_config
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.evidence.recorder import Recorder
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.producing import produce_into_run


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A sealed run with one finding, as a scanner records it."""
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "s"\n')
    metric = "security.sast.high"
    flaw = Flaw("B602", ("bandit",), FlawSeverity.HIGH, Place("bad.py", line=2), "ab" * 16)

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        seen = Measurement(metric, Kind.CENSUS, 1.0, 1, unit="findings", events=1)
        for about in (seen, Finding(metric, "a shell reads what people write", flaw=flaw)):
            recorder.observation(Observation("CG-SEC-SAST-001", about))

    produced = produce_into_run(
        load_config(tmp_path / "clinigate.toml"),
        producer="test",
        target="s",
        criteria=[each for each in producer_criteria() if each.id == metric],
        work=work,
        signer=None,
        outside={},
    )
    assert produced.conclusion is not None
    return produced.conclusion.bundle.path


def test_findings_keep_their_places(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["report", str(bundle), "--format", "sarif"]
    command += ["--config", str(tmp_path / "clinigate.toml")]
    assert run(command) == ExitCode.OK
    printed = capsys.readouterr().out
    assert run([*command, "--out", str(tmp_path / "out.sarif")]) == ExitCode.OK
    document = json.loads((tmp_path / "out.sarif").read_text())
    assert json.loads(printed) == document
    places = {
        (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for each in document["runs"]
        for result in each["results"]
    }
    assert document["version"] == "2.1.0"
    assert places == {("B602", 2)}


def test_findings_that_somebody_changed_are_told_as_such(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = bundle / "results.json"
    results.chmod(0o644)
    results.write_bytes(results.read_bytes().replace(b"bad.py", b"gut.py"))
    command = ["report", str(bundle), "--format", "sarif"]
    assert run([*command, "--config", str(tmp_path / "clinigate.toml")]) == ExitCode.INTEGRITY
    assert capsys.readouterr().err.startswith("clinigate: ")
