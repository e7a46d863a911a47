"""One scan of several scanners: acceptances hold and end, what several saw is listed once, a
scanner that is missing or breaks says nothing of the others, and options may only tighten.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from clinigate.cli.app import run as clinigate
from clinigate.config.loader import load_config
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import fingerprint
from clinigate.findings.model import Found, ScanResult
from clinigate.findings.troubles import ScannerError
from clinigate.pipeline.criteria import producer_criteria
from clinigate.security import registry
from clinigate.security.gather import look
from clinigate.security.scan import context_for
from clinigate.security.scanner import ScanContext, Scanner, Topic

TODAY = date.today()  # noqa: DTZ011 - as the command
SOON = (TODAY + timedelta(days=30)).isoformat()
GONE = (TODAY - timedelta(days=1)).isoformat()
HIGH, MEDIUM, LOW = FlawSeverity.HIGH, FlawSeverity.MEDIUM, FlawSeverity.LOW


def found(
    tool: str,
    rule: str,
    severity: FlawSeverity = HIGH,
    *,
    line: int = 1,
    cwe: tuple[str, ...] = (),
    message: str = "it is wrong",
) -> Found:
    place = Place("app.py", line)
    flaw = Flaw(rule, (tool,), severity, place, fingerprint(rule, "app.py", snippet=tool), cwe=cwe)
    return Found(flaw, message)


def fake(
    name: str,
    *results: Found,
    missing: str | None = None,
    scan: Callable[[ScanContext], Mapping[str, ScanResult]] | None = None,
) -> Scanner:
    def look(_context: ScanContext) -> Mapping[str, ScanResult]:
        return {name: ScanResult(name, "1.0", ("app.py",), (), results)}

    return Scanner(
        id=name,
        check=f"CG-SEC-{name.upper()}-001",
        summary=f"what {name} finds",
        topics=(Topic(name, f"what {name} finds"),),
        rules=re.compile(name.upper() + r"\d+"),
        missing=lambda _context: missing,
        scan=scan or look,
    )


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    Path("app.py").write_text("x = 1\ny = 2\n")
    Path("clinigate.toml").write_text("")


@pytest.fixture
def scanners(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*these: Scanner) -> None:
        for module in ("registry", "scan", "criteria"):
            monkeypatch.setattr(f"clinigate.security.{module}.all_scanners", lambda: these)

    return use


def scan(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert clinigate(["security", "scan", *arguments]) == code
    told = capsys.readouterr()
    return " ".join((told.out + told.err).split())


def run_results() -> dict[str, object]:
    last = max(Path(".clinigate/runs").iterdir())
    results: dict[str, object] = json.loads((last / "results.json").read_text())
    return results


def baseline(until: str, *, rule: str = "ONE1", tool: str = "one") -> str:
    entry = {
        "fingerprint": fingerprint(rule, "app.py", snippet=tool),
        "rule": rule,
        "path": "app.py",
        "reason": "until the rewrite",
    }
    lines = [f'{key} = "{value}"' for key, value in entry.items()]
    return "\n".join(["[[finding]]", *lines, f"until = {until}", ""])


def test_each_topic_is_judged_and_every_finding_recorded(scanners, capsys) -> None:
    scanners(fake("one", found("one", "ONE1"), found("one", "ONE2", LOW)), fake("two"))
    told = scan(capsys, code=1)
    assert "HIGH ONE1 app.py:1: it is wrong" in told
    assert "ONE2" not in told
    results = run_results()
    verdicts = {each["criterion"]: each["status"] for each in results["verdicts"]}
    assert verdicts == {"security.one.high": "FAIL", "security.two.high": "PASS"}
    rules = [o["about"]["flaw"]["rule"] for o in results["observations"] if "flaw" in o["about"]]
    assert rules == ["ONE1", "ONE2"]


def test_milder_findings_count_where_that_is_asked_for(scanners, capsys) -> None:
    scanners(fake("one", found("one", "ONE2", MEDIUM)))
    scan(capsys, code=0)
    scan(capsys, "--severity", "medium", code=1)
    verdicts = {each["criterion"]: each["status"] for each in run_results()["verdicts"]}
    assert verdicts == {"security.one.high": "PASS", "security.one.medium": "FAIL"}
    Path("clinigate.toml").write_text('[security]\nseverity = "medium"\n')
    scan(capsys, code=1)


def test_an_option_may_only_tighten(scanners, capsys) -> None:
    scanners(fake("one"))
    Path("clinigate.toml").write_text('[security]\nseverity = "medium"\n')
    assert "may only tighten" in scan(capsys, "--severity", "high", code=4)


def test_a_baseline_holds_until_its_day_and_the_finding_stays_on_record(scanners, capsys) -> None:
    scanners(fake("one", found("one", "ONE1")))
    told = scan(
        capsys, "--write-baseline", "--reason", "until the rewrite", "--until", SOON, code=0
    )
    assert f"1 finding accepted until {SOON}" in told
    assert not Path(".clinigate").exists(), "accepting is no assessment"
    scan(capsys, "--sarif", "out.sarif", code=0)
    (result,) = json.loads(Path("out.sarif").read_text())["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == f"baseline until {SOON}: until the rewrite"

    Path("security-baseline.toml").write_text(baseline(GONE))
    told = scan(capsys, code=1)
    assert f"accepted until {GONE}, until the rewrite; that has expired" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--write-baseline",), "needs --reason and --until"),
        (("--write-baseline", "--reason", "why"), "needs --reason and --until"),
        (("--reason", "why"), "are for --write-baseline"),
        (("--write-baseline", "--reason", " ", "--until", SOON), "--reason says nothing"),
        (("--write-baseline", "--reason", "why", "--until", GONE), "has passed"),
        (("--write-baseline", "--reason", "why", "--until", "2999-01-01"), "180 days ahead"),
        (("--write-baseline", "--reason", "why", "--until", "soon"), "--until"),
        (("--scanner", "onne"), "did you mean 'one'"),
        (("nowhere",), "does not exist"),
        (("--sarif", "nowhere/out.sarif"), "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused(scanners, capsys, arguments, says) -> None:
    scanners(fake("one", found("one", "ONE1")))
    assert says in scan(capsys, *arguments, code=4)
    assert not Path("security-baseline.toml").exists()


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("security-baseline.toml", "[[finding]]\n", "security-baseline.toml: line 1"),
        ("security-waivers.toml", "[[waiver]]\nrule = 'B1'\n", "security-waivers.toml: line 1"),
        ("app.py", "x = 1  # clinigate: accept ONE1\n", "app.py: line 1: the acceptance says no"),
        ("clinigate.toml", "[security]\nbaseline = 'gone.toml'\n", "gone.toml, which is no file"),
        ("clinigate.toml", "[security]\nserverity = 'low'\n", "did you mean 'severity'"),
        ("clinigate.toml", "[security]\nscanners = ['onne']\n", "did you mean 'one'"),
        (
            "clinigate.toml",
            "[security]\npaths = ['src']\n",
            "[security] paths names src, which",
        ),
    ],
)
def test_an_acceptance_or_setting_that_is_wrong_ends_the_scan(
    scanners, capsys, file, text, says
) -> None:
    def walking(context: ScanContext) -> Mapping[str, ScanResult]:
        units = tuple(context.uri(path) for path in context.files(lambda p: p.suffix == ".py"))
        return {"one": ScanResult("one", "1.0", units)}

    scanners(fake("one", scan=walking))
    Path(file).write_text(text)
    assert says in scan(capsys, code=4)
    assert file == "app.py" or not Path(".clinigate").exists(), "a run was begun"


def test_a_comment_or_waiver_accepts_and_says_so_when_it_accepts_nothing(scanners, capsys) -> None:
    scanners(fake("one", found("one", "ONE1"), found("one", "ONE2", line=2)))
    Path("app.py").write_text(
        f"x = 1  # clinigate: accept ONE1 until {SOON}: a fixture\n"
        f"y = 2  # clinigate: accept ONE9 until {SOON}: nothing of the kind\n"
        f"z = 3  # clinigate: accept OTHER1 until {SOON}: of another scanner\n"
    )
    Path("security-waivers.toml").write_text(
        f'[[waiver]]\nrule = "ONE2"\npath = "*.py"\nreason = "a lab"\nuntil = {SOON}\n'
        'requested_by = "Ada"\napproved_by = "Grace"\n'
    )
    told = scan(capsys, code=0)
    assert "note app.py:2: the inline acceptance of ONE9 in app.py accepts nothing" in told
    assert "OTHER1" not in told
    flaws = [o["about"].get("flaw") for o in run_results()["observations"]]
    accepted = {each["rule"]: each["accepted"] for each in flaws if each}
    assert accepted["ONE1"] == f"inline until {SOON}: a fixture"
    assert accepted["ONE2"] == f"waiver until {SOON}, approved by Grace: a lab"


def test_what_two_scanners_saw_is_listed_once_and_counted_by_both(scanners, capsys) -> None:
    one = fake("one", found("one", "ONE1", cwe=("CWE-78",)))
    scanners(one, fake("two", found("two", "TWO1", cwe=("CWE-78",))))
    scan(capsys, "--sarif", "out.sarif", code=1)
    runs = json.loads(Path("out.sarif").read_text())["runs"]
    assert [len(run["results"]) for run in runs] == [1, 0]
    assert runs[0]["results"][0]["properties"]["tools"] == ["one", "two"]
    verdicts = {each["criterion"]: each["status"] for each in run_results()["verdicts"]}
    assert set(verdicts.values()) == {"FAIL"}
    Path("security-baseline.toml").write_text(baseline(SOON))
    assert "TWO1" in scan(capsys, code=1), "one rule was accepted, not the other"
    scan(capsys, "--write-baseline", "--reason", "both", "--until", SOON, code=0)
    scan(capsys, code=0)


def test_what_was_scanned_cannot_steer_the_terminal(scanners, capsys) -> None:
    scanners(fake("one", found("one", "ONE1", message="red \x1b[31m\nSECURITY PASS")))
    assert clinigate(["security", "scan"]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\nSECURITY" not in told


def test_a_scanner_that_is_missing_or_breaks_says_nothing_of_the_others(scanners, capsys) -> None:
    def breaks(_context: ScanContext) -> Mapping[str, ScanResult]:
        raise ScannerError("three: wrote password=Zebra-crossing-7731 and broke")

    scanners(fake("one"), fake("two", missing="get it so"), fake("three", scan=breaks))
    told = scan(capsys, code=1)
    verdicts = {each["criterion"]: each["status"] for each in run_results()["verdicts"]}
    assert verdicts == {
        "security.one.high": "PASS",
        "security.two.high": "NOT_ASSESSED",
        "security.three.high": "ERROR",
    }
    assert "get it so" in told
    assert "Zebra" not in told
    assert "three: wrote" in told
    scan(capsys, "--scanner", "one", code=0)


def test_an_interruption_stops_those_that_are_still_looking(
    tmp_path: Path,
) -> None:
    stopped = []

    def interrupted(_context: ScanContext) -> Mapping[str, ScanResult]:
        raise KeyboardInterrupt

    def patient(context: ScanContext) -> Mapping[str, ScanResult]:
        stopped.append(context.stop.wait(60))
        return {}

    context = context_for(load_config(), today=TODAY)
    with pytest.raises(KeyboardInterrupt):
        look([fake("one", scan=interrupted), fake("two", scan=patient)], context)
    assert stopped == [True]


def test_secrets_in_a_scanners_words_are_taken_out(scanners, capsys) -> None:
    message = "found password=Zebra-crossing-7731 here"
    scanners(fake("one", found("one", "ONE1", message=message)))
    told = scan(capsys, "--sarif", "out.sarif", code=1)
    assert "Zebra" not in told + Path("out.sarif").read_text()
    assert "password=[SECRET] here" in told


def test_a_part_of_what_is_configured_cannot_pass_for_all_of_it(scanners, capsys) -> None:
    scanners(fake("one"))
    Path("lib").mkdir()
    scan(capsys, "app.py", code=0)  # nobody said what there is
    Path("clinigate.toml").write_text('[security]\npaths = ["app.py", "lib"]\n')
    told = scan(capsys, "app.py", code=1)
    assert "INCONCLUSIVE" in told
    assert "as only a part was asked for: lib" in told
    scan(capsys, ".", code=0)
    scan(capsys, code=0)


def test_a_project_elsewhere_is_named_against_itself(
    scanners, capsys, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seen: list[str] = []

    def walking(context: ScanContext) -> Mapping[str, ScanResult]:
        seen.extend(context.uri(path) for path in context.files(lambda p: True))
        return {"one": ScanResult("one", "1.0", tuple(seen))}

    other = tmp_path_factory.mktemp("other")
    (other / "a.py").write_text("")
    scanners(fake("one", scan=walking))
    scan(capsys, str(other), code=0)
    assert seen == ["a.py"]


def test_the_gate_knows_a_criterion_of_every_scanner_and_severity() -> None:
    known = {criterion.id for criterion in producer_criteria()}
    for scanner in registry.all_scanners():
        for topic in scanner.topics:
            assert {f"security.{topic.name}.{s}" for s in ("high", "medium", "low")} <= known
            from clinigate.controls import load_catalogue

            assert all(control in load_catalogue() for control in topic.controls)


def test_scanners_are_listed_with_how_to_get_them(scanners, capsys) -> None:
    scanners(fake("one"), fake("two", missing="get it so"))
    assert clinigate(["security", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "one  what one finds",
        "two  what two finds",
        "     not here: get it so",
    ]


def test_criteria_are_known_without_what_scanners_need() -> None:
    code = (
        "import sys; from clinigate.security.criteria import builtin_criteria; builtin_criteria();"
        "print(*{'httpx', 'requests', 'yaml', 'bandit', 'schemathesis'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ran.stdout.split() == []
