"""`clinigate phi` as it is called: a planted identifier shuts it, its removal opens it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.errors import MissingExtraError
from clinigate.phi import scanning as scan_module
from clinigate.phi.canaries import make_patients
from clinigate.phi.runtime import code_scanning

SSN = "219-53-" + "8841"
Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls `clinigate phi` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)

    def called(*words: str) -> tuple[int, str]:
        code = run(["phi", *words])
        out, err = capsys.readouterr()
        return code, out + err

    return called


def test_a_planted_identifier_fails_and_its_removal_passes(call: Call, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(f"login ok\nssn={SSN}\n", encoding="utf-8")
    code, said = call("scan", ".", "--sarif", "phi.sarif")
    assert code == 1
    assert "app.log:2 CG-PHI-SSN: a social security number, letter G" in said
    assert "FAIL" in said
    results = json.loads((tmp_path / "phi.sarif").read_text())["runs"][0]["results"]
    assert [each["ruleId"] for each in results] == ["CG-PHI-SSN"]
    recorded = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p != log)
    assert SSN not in said
    assert SSN.encode() not in recorded
    log.write_text("login ok\nssn=[redacted]\n", encoding="utf-8")
    code, said = call("scan", ".")
    assert (code, "PASS" in said) == (0, True)


def test_nothing_is_never_a_pass(call: Call, tmp_path: Path) -> None:
    assert call("scan", "nowhere")[0] == 4
    code, said = call("scan", ".")
    assert code == 2
    assert "no file was found below the paths" in said
    assert "0 files, 0 bytes, 0 parts searched; 0 skipped, 0 truncated; 0 count" in said
    (tmp_path / "torn.gz").write_bytes(b"\x1f\x8b\x08torn")
    code, said = call("scan", ".")
    assert code == 2
    assert "not looked at: torn.gz" in said


def test_what_was_found_outweighs_what_was_not_looked_at(call: Call, tmp_path: Path) -> None:
    """Exit codes: 1 found, 2 incomplete, 0 clean, and the counts are shown in each."""
    (tmp_path / "a.log").write_text("login ok\n")
    code, said = call("scan", ".")
    assert code == 0
    assert "1 files, 9 bytes, 1 parts searched; 0 skipped, 0 truncated; 0 count at 0.8" in said
    (tmp_path / "torn.gz").write_bytes(b"\x1f\x8b\x08torn")
    assert call("scan", ".")[0] == 2
    (tmp_path / "a.log").write_text(f"ssn={SSN}\n")
    code, said = call("scan", ".")
    assert code == 1
    assert "1 count at 0.8" in said


def test_the_policy_decides_by_path_by_comment_and_by_rule(call: Call, tmp_path: Path) -> None:
    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    past = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.txt").write_text("seen 2024-03-05\n")
    (tmp_path / "a.txt").write_text("seen 2024-03-05\n")
    (tmp_path / "a.py").write_text(f"x = '{SSN}'  # phi-ok: published sample\n")
    assert call("scan", ".")[0] == 0
    config = tmp_path / "clinigate.toml"
    config.write_text('[[phi.path]]\nglob = "docs/**"\ntier = "contextual"\n')
    code, said = call("scan", ".")
    assert code == 1
    assert "docs/a.txt:1 CG-PHI-DATE" in said
    assert "accepted: a.py:1 CG-PHI-SSN (comment: published sample)" in said
    assert "1 accepted, 1 by comment" in said
    assert " a.txt:1" not in said
    allow = '[[phi.allow]]\nrule = "CG-PHI-DATE"\npath = "docs"\nreason = "of releases"\n'
    config.write_text(config.read_text() + allow + f"until = {day}\n")
    code, said = call("scan", ".")
    assert code == 0
    assert f"docs/a.txt:1 CG-PHI-DATE (allow rule until {day}: of releases)" in said
    assert "2 accepted, 1 by allow rule, 1 by comment" in said
    config.write_text(config.read_text().replace(day, past))
    code, said = call("scan", ".")
    assert (code, "that has expired, and it counts again" in said) == (1, True)


def test_a_tier_is_sugar_for_a_threshold(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("seen 2024-03-05\n")
    assert call("scan", "a.txt", "--tier", "identifier")[0] == 0
    assert call("scan", "a.txt", "--tier", "contextual")[0] == 1
    assert call("scan", "a.txt", "--tier", "name", "--confidence-threshold", "0.1")[0] == 4


def test_without_presidio_it_says_how_to_get_it(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_there(_threshold: float, **_more: object) -> None:
        raise MissingExtraError("the search by presidio", "phi")

    monkeypatch.setattr(scan_module, "presidio_find", not_there)
    (tmp_path / "a.txt").write_text("fine", encoding="utf-8")
    assert call("scan", ".")[0] == 0
    code, said = call("scan", ".", "--engine", "presidio")
    assert code == 2
    assert "NOT ASSESSED" in said.replace("_", " ")
    assert "pip install 'clinigate[phi]'" in said


def test_a_canary_fails_a_criterion_of_its_own(call: Call, tmp_path: Path) -> None:
    assert call("canaries", "--seed", "7", "--out", "canaries.json")[0] == 0
    assert call("canaries", "--out", "canaries.json")[0] == 4
    (tmp_path / "clinigate.toml").write_text('[phi]\ncanaries = "canaries.json"\n')
    assert call("scan")[0] == 0
    mrn = make_patients(7, 5)[4].values["mrn"]
    (tmp_path / "trace.txt").write_text(f"id%3D{mrn}\n")
    code, said = call("scan")
    assert code == 1
    assert "trace.txt:1 CG-PHI-CANARY: mrn of canary-5 stands here, as it is" in said
    assert mrn not in said


def test_a_baseline_accepts_what_is_there_and_not_what_comes(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"ssn {SSN}\n", encoding="utf-8")
    terms = ("--write-baseline", "--baseline", "b.toml")
    assert call("scan", *terms)[0] == 4
    assert call("scan", *terms, "--reason", "old logs", "--until", "2999-01-01")[0] == 4
    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    code, said = call("scan", *terms, "--reason", "old logs", "--until", day)
    assert (code, "1 open findings accepted" in said) == (0, True)
    assert SSN not in (tmp_path / "b.toml").read_text()
    assert call("scan", "--baseline", "b.toml")[0] == 0
    (tmp_path / "b.txt").write_text(f"ssn {SSN}\n", encoding="utf-8")
    assert call("scan", "--baseline", "b.toml")[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--reason", "why"),
        ("--write-baseline", "--reason", "why", "--until", "2999-01-01"),
        ("--sarif", "no/such/folder.sarif"),
        ("--waivers", "none.toml"),
        ("--baseline", "none.toml"),
        ("--canaries", "none.json"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_run_begins(
    call: Call, tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, said = call("scan", *words)
    assert code == 4, said
    assert not (tmp_path / ".clinigate").exists()


def test_configured_paths_are_looked_for_before_a_run_begins(call: Call, tmp_path: Path) -> None:
    (tmp_path / "clinigate.toml").write_text('[phi]\npaths = ["nowhere"]\n')
    code, said = call("scan")
    assert (code, "[phi] paths: nowhere: no such file" in said) == (4, True)
    assert not (tmp_path / ".clinigate").exists()


def test_a_files_name_cannot_steer_the_terminal(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2Jb.txt").write_text(f"ssn {SSN}\n", encoding="utf-8")
    code, said = call("scan", ".")
    assert code == 1
    assert "\x1b[2J" not in said


def test_the_rules_are_listed_with_their_letters(call: Call, tmp_path: Path) -> None:
    code, said = call("rules")
    assert code == 0
    assert "CG-PHI-SSN             G  identifier  A social security number: 0.85" in said
    (tmp_path / "clinigate.toml").write_text(
        '[[phi.recognizer]]\nid = "ACME-CODE"\nletter = "H"\ntitle = "A code of ours"\n'
        'pattern = "ACME-[0-9]{6}"\n'
    )
    assert "ACME-CODE              H  identifier  A code of ours: 0.85" in call("rules")[1]


def test_the_threshold_is_an_option(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("zelda@mercy-clinic.org\n", encoding="utf-8")
    assert call("scan", "a.txt", "--confidence-threshold", "0.8")[0] == 1
    assert call("scan", "a.txt", "--confidence-threshold", "1.5")[0] == 4


def test_the_option_is_stricter_alone(call: Call, tmp_path: Path) -> None:
    """What lets more through is written into the configuration, and told."""
    (tmp_path / "a.txt").write_text("fine\n", encoding="utf-8")
    code, said = call("scan", "a.txt", "--confidence-threshold", "0.99")
    assert code == 4
    assert "--confidence-threshold 0.99 lets more through than [phi] threshold 0.8" in said
    (tmp_path / "clinigate.toml").write_text("[phi]\nthreshold = 0.99\n")
    assert call("scan", "a.txt")[0] == 0
    (run_folder,) = (tmp_path / ".clinigate" / "runs").iterdir()
    recorded = b"".join(path.read_bytes() for path in run_folder.rglob("*") if path.is_file())
    assert b"threshold 0.99 lets more through than 0.8" in recorded


def test_a_sarif_file_that_does_not_hold_all_leaves_the_scan_incomplete(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_scanning, "upload", partial(code_scanning.upload, most=1))
    (tmp_path / "a.log").write_text(f"ssn={SSN}\n")
    assert call("scan", "a.log", "--sarif", "a.sarif")[0] == 1
    (tmp_path / "a.log").write_text(f"ssn={SSN}\nssn={SSN}\n")
    code, said = call("scan", "a.log", "--sarif", "a.sarif")
    assert code == 2
    assert "1 findings are not in the SARIF file" in said
