"""What is staged is searched, and nothing else; SARIF for code scanning says what it leaves out."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinigate.cli.phi_staged import command
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.errors import UsageError
from clinigate.findings.model import Found, ScanResult
from clinigate.phi.runtime.code_scanning import MOST_RESULTS, upload
from clinigate.phi.runtime.staged import scan_staged, staged
from clinigate.phi.scanning import ScanOptions
from clinigate.phi.tokens import Tokens

Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Calls git in a new repository."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def called(*words: str) -> None:
        name = ("-c", "user.name=n", "-c", "user.email=n@example.com")
        subprocess.run(["git", *name, *words], cwd=tmp_path, check=True, capture_output=True)

    called("init", "-q")
    return called


def options(base: Path) -> ScanOptions:
    tokens = Tokens(b"0123456789abcdef", lasting=True)
    return ScanOptions(base=base, paths=(".",), tokens=tokens, today=date(2026, 1, 1))


def test_the_index_counts_and_not_the_working_tree(tmp_path: Path, git: Git, ssn: str) -> None:
    leaky, mended = tmp_path / "leaky.txt", tmp_path / "mended ü.txt"
    leaky.write_text(f"ssn {ssn}\n")
    mended.write_text("fine\n")
    git("add", ".")
    leaky.write_text("mended, but not staged\n")
    mended.write_text(f"ssn {ssn}, not staged\n")
    (tmp_path / "new.txt").write_text(f"ssn {ssn}, not staged\n")
    done = scan_staged(options(tmp_path))
    assert [str(each.flaw.place) for each in done.counted] == ["leaky.txt:1"]
    assert done.counts.files == 2
    assert CliRunner().invoke(command, standalone_mode=False).return_value == 1
    git("add", ".")
    git("commit", "-qm", "all of it")
    assert scan_staged(options(tmp_path)).counts.files == 0, "what was committed before is no more"


def test_only_what_the_commit_brings_whatever_it_is(tmp_path: Path, git: Git, ssn: str) -> None:
    (tmp_path / "old.txt").write_text(f"ssn {ssn}\n")
    (tmp_path / "gone.txt").write_text("x\n")
    git("add", ".")
    git("commit", "-qm", "old")
    git("rm", "-q", "gone.txt")
    (tmp_path / "link").symlink_to("old.txt")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.bin").write_bytes(b"\0\1" + f" ssn {ssn} ".encode())
    git("add", "-f", ".")
    with staged(tmp_path) as files:
        assert files.names == ("node_modules/a.bin",)
        copy = files.copy
    assert not copy.exists()
    places = [each.flaw.place.uri for each in scan_staged(options(tmp_path)).counted]
    assert places == ["node_modules/a.bin"]


def test_a_comment_in_what_is_staged_accepts(tmp_path: Path, git: Git, ssn: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text(f'X = "ssn {ssn}"  # phi-ok: invented, for a test\n')
    git("add", ".")
    done = scan_staged(options(tmp_path / "sub"))
    assert done.counted == ()
    assert [each.flaw.place.uri for each in done.found] == ["a.py"]


def test_nothing_staged_is_clean_and_no_repository_is_refused(tmp_path: Path, git: Git) -> None:
    result = CliRunner().invoke(command, standalone_mode=False)
    assert result.return_value == 0
    assert "0 files" in result.output
    bare = tmp_path / "bare"
    bare.mkdir()
    subprocess.run(["git", "init", "-q", "--bare"], cwd=bare, check=True)
    with pytest.raises(UsageError, match=r"git rev-parse refuses"), staged(bare):
        pass


def found(number: int, severity: FlawSeverity, accepted: str | None = None) -> Found:
    flaw = Flaw(
        rule="CG-PHI-SSN",
        tools=("t",),
        severity=severity,
        place=Place(f"{number:05}.txt", 1),
        fingerprint=f"{number:032x}",
        title="t",
        fix="",
        accepted=accepted,
    )
    return Found(flaw, "m")


def test_what_code_scanning_takes_is_all_there() -> None:
    result = ScanResult("t", "1", ("a",), (), (found(1, FlawSeverity.HIGH),))
    made = upload([result])
    assert (made.left_out, made.said) == (0, "")
    assert len(json.loads(made.data)["runs"][0]["results"]) == 1


def test_what_is_too_much_goes_mildest_first_and_is_said() -> None:
    many = [found(n, FlawSeverity.LOW) for n in range(6)]
    grave, waved = found(7, FlawSeverity.CRITICAL), found(8, FlawSeverity.CRITICAL, "inline x")
    result = ScanResult("t", "1", ("a",), (), (*many, waved, grave))
    made = upload([result], most=3)
    assert made.left_out == 5
    assert "5 findings are not in the SARIF file" in made.said
    run = json.loads(made.data)["runs"][0]
    kept = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in run["results"]
    ]
    assert kept == ["00000.txt", "00001.txt", "00007.txt"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert "5 more findings" in notes[0]["message"]["text"]


def test_a_file_that_is_too_large_is_made_smaller() -> None:
    result = ScanResult("t", "1", (), (), tuple(found(n, FlawSeverity.LOW) for n in range(64)))
    whole = upload([result])
    made = upload([result], most_bytes=len(gzip.compress(whole.data)) - 1)
    assert whole.left_out == 0
    assert made.left_out == 32
    assert MOST_RESULTS == 25_000
