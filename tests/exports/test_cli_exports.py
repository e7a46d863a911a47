"""`clinigate report --format …`: every form from the command line, signed where asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.verdict import Status
from clinigate.evidence.envelope import verify_envelope

TEXTS = ["markdown", "csv", "oscal", "oscal-profile", "sarif", "junit", "test-result", "svr"]


@pytest.mark.parametrize("form", TEXTS)
def test_a_form_of_text_goes_to_standard_output_or_into_a_file(
    project: Any, cli: Callable[..., Any], form: str
) -> None:
    said = cli("report", "--format", form)
    assert said.code == ExitCode.OK, said.err
    filed = cli("report", "--format", form, "--out", f"out/{form}")
    assert (filed.code, filed.out) == (ExitCode.OK, f"report: out/{form}\n")
    written = Path("out", form).read_bytes().decode("utf-8")
    if form == "svr":  # it says when the gate was asked
        assert json.loads(written)["predicate"]["properties"]
    else:
        assert written == said.out
    assert cli("verify").code == ExitCode.OK, "what is made is no part of what is sealed"


def test_the_forms_of_json_and_xml_are(project: Any, cli: Callable[..., Any]) -> None:
    for form in ("oscal", "oscal-profile", "sarif", "test-result", "svr"):
        assert json.loads(cli("report", "--format", form).out)
    suites = ET.fromstring(cli("report", "--format", "junit").out)
    assert (suites.tag, suites.get("failures")) == ("testsuites", "1")


# WeasyPrint leaves a colour profile of its own to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_pdf_lies_beside_the_evidence(project: Any, cli: Callable[..., Any]) -> None:
    said = cli("report", "--format", "pdf", "--view", "executive")
    place = project.bundle.path / "exports" / "report.pdf"
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert said.out == f"report: {place}\n"
    assert place.read_bytes().startswith(b"%PDF-1.7")
    assert cli("verify").code == ExitCode.OK


@pytest.mark.parametrize("form", ["test-result", "svr"])
def test_a_statement_is_signed_where_asked_and_says_so_where_not(
    project: Any, cli: Callable[..., Any], form: str
) -> None:
    bare = cli("report", "--format", form)
    assert bare.err.startswith("note: UNSIGNED")
    signed = cli("report", "--format", form, "--sign", "--out", "signed.dsse.json")
    assert (signed.code, signed.err) == (ExitCode.OK, "")
    key = project.signer
    _, by = verify_envelope(Path("signed.dsse.json").read_bytes(), {key.keyid: key.public})
    assert by == {key.keyid}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "csv", "--sign"), "--sign: a report as csv has no place for a signature"),
        (("--format", "csv", "--view", "sre"), "--view: csv is the same for every reader"),
    ],
)
def test_what_makes_no_sense_is_refused(
    project: Any, cli: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    ended = cli("report", *arguments)
    assert ended.code == ExitCode.USAGE
    assert said in ended.err


def test_without_a_key_there_is_nothing_to_sign_with(project: Any, cli: Callable[..., Any]) -> None:
    config = project.folder / "clinigate.toml"
    config.write_text(config.read_text().replace('key = "file:ci.key"\n', ""), encoding="utf-8")
    ended = cli("report", "--format", "svr", "--sign")
    assert ended.code == ExitCode.USAGE
    assert "there is no key; name one in [signing] key" in ended.err


@pytest.mark.parametrize("form", ["oscal", "csv"])
def test_of_a_damaged_bundle_it_says_so(project: Any, cli: Callable[..., Any], form: str) -> None:
    """The export names what is broken, and the exit code is that of integrity."""
    (project.bundle.path / "environment.json").write_text("{}", encoding="utf-8")
    ended = cli("report", "--format", form, "--policy", "pr", "--out", "out")
    assert ended.code == ExitCode.INTEGRITY
    assert "environment.json" in ended.err


def test_a_damaged_bundle_of_ones_own_criteria_is_told_as_damaged(project: Any, cli: Any) -> None:
    """The policy's names are no mistake where the run that knows them cannot be believed."""
    blob = next(path for path in (project.bundle.path / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"another reply")
    said = cli("gate", project.bundle.path)
    assert said.code == 3, said.err
    said = cli("report", project.bundle.path, "--format", "svr", "--out", "svr.json")
    assert (said.code, "was changed" in said.err) == (3, True)
    assert b"CLINIGATE_" not in Path("svr.json").read_bytes()


def test_a_shut_gate_is_never_all_green_in_junit(project: Any, cli: Any) -> None:
    """Damage, age or a missing signature shuts a gate though every criterion passed."""
    from dataclasses import replace

    from clinigate.reports.junit import render_junit

    report = project.material().report
    passed = tuple(row for row in report.criteria if row.status is Status.PASS)
    gate = replace(
        report.gate, opens=False, word="SHUT", rows=(), reasons=("blobs/x: was changed",)
    )
    root = ET.fromstring(render_junit(replace(report, criteria=passed, gate=gate, stages=())))
    (failure,) = root.iterfind("testsuite[@name='gate']/testcase/failure")
    assert failure.get("message") == "SHUT: blobs/x: was changed"
    assert root.get("failures") == "1"
    opened = replace(report, criteria=passed, gate=replace(gate, opens=True), stages=())
    assert ET.fromstring(render_junit(opened)).find("testsuite[@name='gate']") is None
