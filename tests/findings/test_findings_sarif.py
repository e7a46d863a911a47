"""SARIF: what is written is read back as it was, the same findings give the same bytes, and what is
no SARIF is refused by a sentence that names it.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.sarif import read_sarif, write_sarif
from clinigate.findings.troubles import ScannerError

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
uris = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    .filter(lambda text: not text.startswith(("./", "file:")))
    .map(lambda text: text[:20]),
    st.sampled_from(
        [
            "app/x.py",
            "a b/100%.py",
            "c:d.py",
            "k8s://staging/Deployment/chat",
            "pkg:npm/%40scope/x@1.2",
            "https:/v1/users/{id}",
        ]
    ),
)
lines = st.integers(1, 10_000)


@st.composite
def places(draw: st.DrawFn) -> Place:
    line = draw(st.none() | lines)
    if line is None:
        return Place(draw(uris), symbol=draw(st.none() | words))
    end = draw(st.none() | st.integers(line, line + 50))
    return Place(draw(uris), line, end, draw(st.none() | lines), draw(st.none() | words))


flaws = st.builds(
    Flaw,
    rule=words,
    tools=st.lists(words, min_size=1, max_size=3).map(tuple),
    severity=st.sampled_from(FlawSeverity),
    place=places(),
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    title=st.just("") | words,
    fix=st.just("") | words,
    help_uri=st.sampled_from(["", "https://example.org/rule#1"]),
    cwe=st.lists(st.sampled_from(["CWE-78", "CWE-89"]), unique=True).map(tuple),
    accepted=st.none() | words,
)
founds = st.builds(Found, flaws, words)
scans = st.builds(
    ScanResult,
    scanner=words,
    version=st.just("1.0"),
    units=st.lists(uris, unique=True, max_size=4).map(sorted).map(tuple),
    findings=st.lists(founds, unique=True, max_size=5).map(
        lambda found: tuple(sorted(found, key=in_order))
    ),
)


def one_log(**result: object) -> bytes:
    """A log of another tool with one result."""
    driver = {"name": "other", "rules": [{"id": "R1", "properties": {"security-severity": "9.8"}}]}
    finding = {
        "ruleId": "R1",
        "message": {"text": "m"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a.py"},
                    "region": {"startLine": 2, "snippet": {"text": "x = 1"}},
                }
            }
        ],
        **result,
    }
    run = {"tool": {"driver": driver}, "results": [finding]}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


@given(scans)
def test_what_is_written_is_read_back(scan: ScanResult) -> None:
    assert read_sarif(write_sarif([scan])) == scan


def test_what_could_not_be_looked_at_is_read_back() -> None:
    missed = (Excluded("a.py", "does not parse"), Excluded("b c.py", "timed out"))
    scan = ScanResult("bandit", "1", ("c.py",), missed)
    assert read_sarif(write_sarif([scan])) == scan


@settings(max_examples=30)
@given(st.lists(scans, max_size=3, unique_by=lambda scan: scan.scanner), st.randoms())
def test_the_same_findings_give_the_same_bytes_in_any_order(scans, random) -> None:
    shuffled = [
        ScanResult(
            each.scanner,
            each.version,
            tuple(random.sample(each.units, len(each.units))),
            (),
            tuple(random.sample(each.findings, len(each.findings))),
        )
        for each in random.sample(scans, len(scans))
    ]
    assert write_sarif(scans) == write_sarif(shuffled)


def test_single_findings_go_to_the_run_of_their_first_tool() -> None:
    flaw = Flaw("B602", ("bandit", "trivy"), FlawSeverity.HIGH, Place("a.py", 1), "0" * 32)
    (run,) = json.loads(write_sarif([Found(flaw, "m")]))["runs"]
    assert run["tool"]["driver"]["name"] == "bandit"
    assert run["results"][0]["level"] == "error"
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == "8.0"


@pytest.mark.parametrize(
    ("accepted", "kind"),
    [("inline until 2027-01-01: x", "inSource"), ("baseline until 2027-01-01: x", "external")],
)
def test_an_accepted_finding_is_suppressed_with_its_justification(accepted: str, kind: str) -> None:
    flaw = Flaw("R", ("t",), FlawSeverity.LOW, Place("a.py"), "0" * 32, accepted=accepted)
    result = json.loads(write_sarif([Found(flaw, "m")]))["runs"][0]["results"][0]
    assert result["suppressions"] == [
        {"kind": kind, "status": "accepted", "justification": accepted}
    ]


def test_a_log_of_another_tool_is_read() -> None:
    (found,) = read_sarif(one_log()).findings
    assert (found.flaw.rule, found.flaw.severity) == ("R1", FlawSeverity.CRITICAL)
    assert (found.flaw.place.uri, found.flaw.place.line) == ("a.py", 2)
    assert found.flaw.tools == ("other",)
    assert read_sarif(one_log()).units == ("a.py",)


@pytest.mark.parametrize(
    "extra", [{"kind": "pass"}, {"kind": "notApplicable"}, {"baselineState": "absent"}]
)
def test_what_is_fine_is_no_finding(extra: dict[str, str]) -> None:
    assert read_sarif(one_log(**extra)).findings == ()


@pytest.mark.parametrize(
    ("named", "rule"),
    [
        ({"ruleId": None, "ruleIndex": 0}, "R1"),
        ({"ruleId": None, "rule": {"index": 0}}, "R1"),
        ({"ruleId": None, "rule": {"id": "R2"}}, "R2"),
        ({"ruleId": None, "ruleIndex": 7}, "unknown"),
    ],
)
def test_a_rule_is_named_in_any_of_the_standards_ways(named: dict[str, object], rule: str) -> None:
    (found,) = read_sarif(one_log(**named)).findings
    assert found.flaw.rule == rule


@pytest.mark.parametrize(
    ("extra", "severity"),
    [
        ({"properties": {"security-severity": "5.0"}}, FlawSeverity.MEDIUM),
        ({"properties": {"security-severity": "none"}}, FlawSeverity.CRITICAL),
        ({"properties": {"security-severity": "nan"}}, FlawSeverity.CRITICAL),
        ({"ruleId": "R9", "level": "error"}, FlawSeverity.HIGH),
        ({"ruleId": "R9", "level": "note"}, FlawSeverity.LOW),
        ({"ruleId": "R9"}, FlawSeverity.MEDIUM),
        ({"ruleId": "R9", "level": "strange"}, FlawSeverity.MEDIUM),
    ],
)
def test_severity_is_by_score_and_else_by_level(extra, severity: FlawSeverity) -> None:
    (found,) = read_sarif(one_log(**extra)).findings
    assert found.flaw.severity is severity


def test_a_tools_own_suppression_is_not_believed() -> None:
    (found,) = read_sarif(one_log(suppressions=[{"kind": "inSource"}])).findings
    assert found.is_open


def test_a_hidden_rule_leaves_its_text_behind() -> None:
    secret = "hunter2-" + "x" * 8
    log = one_log(
        message={"text": f"Possible password: {secret}"},
        locations=[
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a.py"},
                    "region": {"startLine": 2, "snippet": {"text": secret}},
                }
            }
        ],
    )
    read = read_sarif(log, hidden=lambda rule: rule == "R1")
    assert secret not in repr(read)
    other = read_sarif(log.replace(secret.encode(), b"another"), hidden=lambda rule: True)
    assert read == other  # not even the fingerprint tells


def test_absolute_places_below_the_base_become_relative(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    place = {"artifactLocation": {"uri": (tmp_path / "a.py").as_uri()}, "region": {"startLine": 2}}
    log = one_log(locations=[{"physicalLocation": place}])
    (found,) = read_sarif(log, base=tmp_path).findings
    assert found.flaw.place.uri == "a.py"
    (tmp_path / "a.py").write_text("zero\none\ntwo\n")
    place["region"] = {"startLine": 3}
    (moved,) = read_sarif(one_log(locations=[{"physicalLocation": place}]), base=tmp_path).findings
    assert moved.flaw.fingerprint == found.flaw.fingerprint


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"WARNING: old database\n{}", "does not begin with a JSON object"),
        (b'{"version": "2.1.0", "runs": [', "is no complete JSON"),
        (one_log()[:-40], "is no complete JSON"),
        (one_log() + b"Done.", "is no complete JSON"),
        (b"{}", "no SARIF log"),
        (b'{"version": "2.0.0", "runs": []}', "is SARIF version '2.0.0'"),
        (b'{"version": "2.1.0", "runs": []}', "without a run"),
        (b'{"version": "2.1.0", "runs": [{}]}', "runs[0].tool is missing"),
        (b'{"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}', "driver.name is missing"),
        (one_log(message="text"), "runs[0].results[0].message is str, wanted an object"),
        (one_log(locations={}), "locations is dict, wanted a list"),
    ],
)
def test_what_is_no_sarif_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(ScannerError) as refused:
        read_sarif(data, source="bandit's report")
    assert str(refused.value).startswith("bandit's report: ")
    assert says in str(refused.value)


@given(st.binary(max_size=60), st.integers(0, len(one_log())))
def test_damaged_logs_never_break_the_reader(junk: bytes, cut: int) -> None:
    for data in (junk, one_log()[:cut], one_log()[:cut] + junk + one_log()[cut:]):
        try:
            told = f"the report: {read_sarif(data).scanner}"
        except ScannerError as refused:
            told = str(refused).replace("SARIF:", "the report:", 1)
        assert told.startswith("the report: ")


def test_a_scanner_that_says_it_failed_is_no_scan() -> None:
    log = json.loads(one_log())
    note = {"level": "error", "message": {"text": "no database"}}
    log["runs"][0]["invocations"] = [
        {"executionSuccessful": False, "toolExecutionNotifications": [note]}
    ]
    with pytest.raises(ScannerError, match="says that it failed: no database"):
        read_sarif(json.dumps(log).encode())


#: Which of the standard's objects stands under which key.
KINDS = {
    "runs": "Run",
    "tool": "Tool",
    "driver": "ToolComponent",
    "rules": "ReportingDescriptor",
    "shortDescription": "MultiformatMessageString",
    "help": "MultiformatMessageString",
    "automationDetails": "RunAutomationDetails",
    "invocations": "Invocation",
    "toolExecutionNotifications": "Notification",
    "artifacts": "Artifact",
    "location": "ArtifactLocation",
    "artifactLocation": "ArtifactLocation",
    "results": "Result",
    "message": "Message",
    "locations": "Location",
    "logicalLocations": "LogicalLocation",
    "physicalLocation": "PhysicalLocation",
    "region": "Region",
    "suppressions": "Suppression",
}


def strangers(value: object, kind: str, path: str) -> list[str]:
    """Keys that the standard's model (Microsoft's sarif-om) does not know."""
    import attr
    import sarif_om

    if isinstance(value, list):
        return [each for item in value for each in strangers(item, kind, path)]
    if not isinstance(value, dict) or path.endswith((".properties", ".partialFingerprints")):
        return []
    fields = attr.fields(getattr(sarif_om, kind))
    known = {each.metadata["schema_property_name"] for each in fields}
    if kind == "Suppression":
        known.add("status")  # sarif-om has the draft's name, `state` (SARIF 2.1.0, 3.35.3)
    wrong = [f"{path}.{key}" for key in value if key not in known]
    inner = [
        stranger
        for key, item in value.items()
        for stranger in strangers(item, KINDS.get(key, "PropertyBag"), f"{path}.{key}")
    ]
    return wrong + inner


@settings(max_examples=25)
@given(scans)
def test_every_key_is_one_of_the_standard(scan: ScanResult) -> None:
    missed = ScanResult("b", "", (), (Excluded("a.py", "why"),))
    log = json.loads(write_sarif([scan, missed]))
    assert strangers(log, "SarifLog", "log") == []
    assert strangers({"runs": [{"tol": {}}]}, "SarifLog", "log") == ["log.runs.tol"]


@pytest.mark.parametrize(
    "uri",
    [
        "https:/v1/users/{id}",
        "k8s://staging/Pod/chat",
        "pkg:pypi/a@1",
        "oci://r/chat:1/os",
        "a:b.py",
    ],
)
def test_no_place_has_a_scheme_for_which_a_code_host_refuses_the_log(uri: str) -> None:
    flaw = Flaw("R1", ("one",), FlawSeverity.HIGH, Place(uri), "0" * 32)
    log = write_sarif([ScanResult("one", "1", (uri,), (), (Found(flaw, "m"),))])
    (run,) = json.loads(log)["runs"]
    (location,) = run["results"][0]["locations"]
    for artifact in (
        location["physicalLocation"]["artifactLocation"],
        run["artifacts"][0]["location"],
    ):
        parts = urlsplit(artifact["uri"])
        assert (parts.scheme, parts.netloc) == ("", "")
    assert read_sarif(log).findings[0].flaw.place.uri == uri
