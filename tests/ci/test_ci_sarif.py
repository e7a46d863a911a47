"""What the static job uploads is the bundle's findings, in a form that code scanning reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from clinigate.ci.sarif import main
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


def test_findings_keep_their_places(bundle: Path, tmp_path: Path) -> None:
    assert main([str(bundle), str(tmp_path / "out.sarif")]) == 0
    document = json.loads((tmp_path / "out.sarif").read_text())
    places = {
        (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for each in document["runs"]
        for result in each["results"]
    }
    assert document["version"] == "2.1.0"
    assert places == {("B602", 2)}


def test_what_is_no_bundle_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.zip"), "x"]) == 2
    assert capsys.readouterr().err.startswith("clinigate: ")
    assert main(["one"]) == 4
