"""A coverage report counts as evidence where it is whole, of this build, and hides nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.cli.quality import command
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import UsageError
from clinigate.quality.cobertura import read_report
from clinigate.quality.coverage import branch_coverage
from clinigate.quality.criteria import BRANCH_COVERAGE, criterion

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WRITTEN = NOW - timedelta(hours=1)

SOURCE = """\
def sign(number):
    if number > 0:
        return 1
    if number < 0:
        return -1
    return 0
"""


def line(number: int, taken: int, branches: int) -> str:
    share = round(100 * taken / branches)
    return (
        f'<line number="{number}" hits="1" branch="true" '
        f'condition-coverage="{share}% ({taken}/{branches})"/>'
    )


def document(files: dict[str, list[tuple[int, int]]], *, source: str = "src", **about: str) -> str:
    """A report of files with the (taken, branches) of their lines."""
    told = {
        "timestamp": str(int(WRITTEN.timestamp() * 1000)),
        "branches-valid": str(sum(b for each in files.values() for _, b in each)),
        "branches-covered": str(sum(t for each in files.values() for t, _ in each)),
        **{name.replace("_", "-"): text for name, text in about.items()},
    }
    classes = "".join(
        f'<class filename="{name}"><methods/><lines>'
        + "".join(line(number, *each) for number, each in enumerate(lines, 1))
        + "</lines></class>"
        for name, lines in files.items()
    )
    attributes = " ".join(f'{name}="{text}"' for name, text in told.items())
    return (
        f'<?xml version="1.0" ?>\n<coverage {attributes}>'
        f"<sources><source>{source}</source></sources>"
        f"<packages><package><classes>{classes}</classes></package></packages></coverage>\n"
    )


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Write a report and its files, which are older than it."""

    def make(text: str, *files: str) -> Path:
        for name in files or ("a.py", "b.py"):
            path = tmp_path / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SOURCE)
            os.utime(path, (0, 0))
        report = tmp_path / "coverage.xml"
        report.write_text(text)
        return report

    return make


def judged(report: Path, now: datetime = NOW) -> Verdict:
    seen = branch_coverage(report, base_dir=report.parent, now=now, max_age=timedelta(hours=24))
    (verdict,) = judge_all([criterion(BRANCH_COVERAGE)], list(seen))
    return verdict


def test_enough_branches_pass_and_too_few_fail(build: Callable[..., Path]) -> None:
    enough = judged(build(document({"a.py": [(9, 10)], "b.py": [(10, 10)]})))
    assert (enough.status, enough.value, enough.n) == (Status.PASS, 0.95, 20)
    assert judged(build(document({"a.py": [(17, 20)], "b.py": []}))).status is Status.FAIL


def test_files_that_lack_most_are_named_first(build: Callable[..., Path]) -> None:
    report = build(document({"a.py": [(1, 2)], "b.py": [(1, 2), (0, 4)]}))
    seen = branch_coverage(report, base_dir=report.parent, now=NOW, max_age=timedelta(1))
    told = [
        (each.about.where, each.about.message) for each in seen if isinstance(each.about, Finding)
    ]
    assert told == [
        ("b.py", "5 of 6 branches are taken by no test"),
        ("a.py", "1 of 2 branches are taken by no test"),
    ]


def test_a_file_that_was_changed_since_or_is_gone_forbids_a_pass(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    report = build(document({"a.py": [(10, 10)], "b.py": [(10, 10)]}))
    os.utime(tmp_path / "src" / "a.py", (NOW.timestamp(), NOW.timestamp()))
    assert judged(report).status is Status.INCONCLUSIVE
    os.utime(tmp_path / "src" / "a.py", (0, 0))
    assert judged(report).status is Status.PASS
    (tmp_path / "src" / "b.py").unlink()
    assert judged(report).status is Status.INCONCLUSIVE


def test_a_fresh_checkout_beside_the_report_of_an_earlier_job_is_none(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    report = build(document({"a.py": [(10, 10)], "b.py": [(10, 10)]}, source="/build/7/src"))
    for name in ("a.py", "b.py"):
        os.utime(tmp_path / "src" / name, (NOW.timestamp(), NOW.timestamp()))
    assert judged(report).status is Status.PASS


def test_a_missing_report_says_how_to_write_one(tmp_path: Path) -> None:
    verdict = judged(tmp_path / "coverage.xml")
    assert verdict.status is Status.NOT_ASSESSED
    assert "coverage run --branch" in verdict.reason


def test_a_report_without_branches_says_so(build: Callable[..., Path]) -> None:
    verdict = judged(
        build(document({"a.py": []}).replace("</lines>", '<line number="1" hits="1"/></lines>'))
    )
    assert verdict.status is Status.NOT_ASSESSED
    assert "--branch" in verdict.reason


GOOD = document({"a.py": [(9, 10)], "b.py": [(10, 10)]})
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE coverage [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<coverage>&b;</coverage>"
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD[: len(GOOD) // 2], "cut off or no XML"),
        (GOOD[:-12], "cut off or no XML"),
        ("", "cut off or no XML"),
        ("warning: 3 files\n" + GOOD, "cut off or no XML"),
        ("<html></html>", "its root is <html>"),
        (BOMB, "defines a document type of its own"),
        ('<!DOCTYPE coverage [<!ENTITY x SYSTEM "file:///etc/hostname">]><coverage>&x;</coverage>',
         "defines a document type of its own"),
        (GOOD.replace('1.0" ', '1.0" encoding="utf-7"', 1), "its encoding is not read"),
        (GOOD.replace('1.0" ', '1.0" encoding="nothing"', 1), "its encoding is not read"),
        (GOOD.replace("(9/10)", "(11/10)"), "a branch covers"),
        (GOOD.replace("90% (9/10)", "all"), "a branch covers 'all'"),
        (GOOD.replace("(9/10)", "(10/10)"), "branches-covered is 19, and its lines hold 20"),
        (GOOD.replace('filename="a.py"', ""), "a <class> names no file"),
        (document({"a.py": [(1, 1)]}, timestamp="soon"), "does not say when it was written"),
        (document({"a.py": [(1, 1)]}, timestamp="1000000000"), "it is of another build"),
        (document({"a.py": [(1, 1)]}, timestamp="4000000000"), "which is still to come"),
        (document({"x/y.py": [(1, 1)]}), "it is another project's"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_believed_is_an_error(
    build: Callable[..., Path], text: str, why: str
) -> None:
    verdict = judged(build(text))
    assert verdict.status is Status.ERROR
    assert why in verdict.reason


def test_a_document_type_that_is_only_named_is_never_fetched(build: Callable[..., Path]) -> None:
    """Other tools than coverage.py name the type's home; nothing asks there."""
    named = '<!DOCTYPE coverage SYSTEM "http://127.0.0.1:9/coverage-04.dtd">'
    assert judged(build(GOOD.replace("?>\n", f"?>\n{named}"))).status is Status.PASS


@settings(max_examples=40)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        read_report(path)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=9))
def test_what_the_lines_hold_is_what_is_counted(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]
) -> None:
    lines = [(min(taken, branches), branches) for taken, branches in pairs]
    path = tmp_path_factory.getbasetemp() / "counted.xml"
    path.write_text(document({"a.py": lines}))
    report = read_report(path)
    assert report.branches == sum(branches for _, branches in lines)
    assert report.taken == sum(taken for taken, _ in lines)


def test_what_coverage_py_writes_is_read(tmp_path: Path) -> None:
    """The real program, on a module of which three of four branches are taken."""
    (tmp_path / "sign.py").write_text(SOURCE)
    (tmp_path / "use.py").write_text("from sign import sign\nsign(1)\nsign(0)\n")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    coverage = [sys.executable, "-m", "coverage"]
    for arguments in (["run", "--branch", "--include=sign.py", "use.py"], ["xml", "-q"]):
        subprocess.run([*coverage, *arguments], cwd=tmp_path, env=environ, check=True)
    seen = list(
        branch_coverage(
            tmp_path / "coverage.xml", base_dir=tmp_path, now=datetime.now(UTC),
            max_age=timedelta(hours=1),
        )
    )  # fmt: skip
    (measured,) = [each.about for each in seen if isinstance(each.about, Measurement)]
    assert (measured.value, measured.n, measured.events, measured.excluded) == (0.75, 4, 1, 0)


def test_the_command_judges_the_configured_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    now = str(int(datetime.now(UTC).timestamp()))
    (tmp_path / "clinigate.toml").write_text('[quality]\ncoverage = "reports/c.xml"\n')
    (tmp_path / "reports").mkdir()
    (tmp_path / "a.py").write_text(SOURCE)
    report = tmp_path / "reports" / "c.xml"
    report.write_text(document({"a.py": [(19, 20)]}, timestamp=now))
    assert command.main([], standalone_mode=False) == 0
    assert "quality.branch_coverage" in capsys.readouterr().out
    report.write_text(document({"a.py": [(1, 20)]}, timestamp=now))
    assert command.main([], standalone_mode=False) == 1
    (tmp_path / "clinigate.toml").write_text(
        '[quality]\ncoverage = "reports/c.xml"\nmin_branch_coverage = 0.99\n'
    )
    report.write_text(document({"a.py": [(19, 20)]}, timestamp=now))
    assert command.main([], standalone_mode=False) == 1
