"""Whatever a scan could not see is told and counted; several processes see what one does."""

from __future__ import annotations

import gzip
import importlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from clinigate.config.phi_rows import RecognizerTable
from clinigate.errors import UsageError
from clinigate.findings.acceptance import Acceptance, Way
from clinigate.phi import crew as crew_module
from clinigate.phi import looking as looking_module
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.crew import Kit, looked_at
from clinigate.phi.direct import scan_tree
from clinigate.phi.looking import Look, Looker
from clinigate.phi.policy import Level, Policy
from clinigate.phi.rows.own import row_from
from clinigate.phi.scanning import PhiScan, ScanOptions, scan
from clinigate.phi.surfaces import Part, Skipped, TruncatedError
from clinigate.phi.tokens import Tokens

SSN = "219-53-" + "8841"
KEY = Tokens(b"k" * 32, lasting=True)
TODAY = date(2026, 11, 22)


@pytest.fixture
def options(tmp_path: Path) -> ScanOptions:
    return ScanOptions(base=tmp_path, paths=(".",), tokens=KEY, today=TODAY)


def places(done: PhiScan) -> list[str]:
    return [str(found.flaw.place) for found in done.counted]


def part(name: str, *chunks: bytes, ends: str | None = None) -> Part:
    def read() -> Iterator[bytes]:
        yield from chunks
        if ends is not None:
            raise TruncatedError(ends)

    return Part(name, read())


def looker() -> Looker:
    return Looker(KEY, CanarySearch(()))


def test_several_processes_see_what_one_does(options: ScanOptions) -> None:
    for number in range(9):
        (options.base / f"{number}.log").write_text(f"line\nssn {SSN[:-1]}{number}\n")
    one, two = scan(options), scan(replace(options, jobs=2))
    assert one.found == two.found
    assert one.counts == two.counts
    assert len(one.counted) == 9


def test_a_process_that_dies_is_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files, and those that were left to do, are not looked at, and the scan is incomplete."""
    (tmp_path / "phi_dying.py").write_text("import os\n\ndef die(_looks):\n    os._exit(1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(crew_module, "_batch", importlib.import_module("phi_dying").die)
    looks = [Look(tmp_path / name, name, 0.8) for name in ("a", "b", "c")]
    all_looked = list(looked_at(looks, Kit(KEY), jobs=2))
    assert [each.uri for each in all_looked] == ["a", "b", "c"]
    assert all("died" in each.skipped[0][1] for each in all_looked)


def test_what_was_skipped_and_what_ends_too_early_is_kept_with_the_finds() -> None:
    looked = looker().through(
        [
            part("a.txt", b"ssn ", SSN.encode(), ends="1 of 2 MB"),
            Skipped("b.bin", "packed by a password"),
            part("c.txt", b"fine"),
        ],
        Look(Path("x.zip"), "x.zip", 0.8),
    )
    assert [(seen.part, seen.line, seen.rule) for seen in looked.seen] == [
        ("a.txt", 1, "CG-PHI-SSN")
    ]
    assert looked.skipped == [("b.bin", "packed by a password")]
    assert looked.truncated == [("a.txt", "1 of 2 MB")]
    assert (looked.size, looked.media.total()) == (19, 2)


def test_a_find_in_a_member_names_the_member(options: ScanOptions) -> None:
    (options.base / "old.log.gz").write_bytes(gzip.compress(f"a\nssn={SSN}\n".encode()))
    (options.base / "broken.gz").write_bytes(gzip.compress(b"x" * 10_000)[:-20])
    done = scan(options)
    (place,) = places(done)
    assert place.startswith("old.log.gz")
    assert place.endswith(":2")
    assert not done.counts.complete
    assert [each.unit.partition("!/")[0] for each in done.identifiers.excluded] == ["broken.gz"]


def test_a_column_is_named_and_told_once(options: ScanOptions) -> None:
    (options.base / "p.jsonl").write_text(f'{{"id": 1}}\n{{"patient": {{"ssn": "{SSN}"}}}}\n')
    assert places(scan(options)) == ["p.jsonl:2 (patient.ssn)"]


def test_more_finds_than_anybody_reads_are_not_told_apart(
    options: ScanOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_module, "MOST", 3)
    (options.base / "a.log").write_text(f"ssn {SSN}\n" * 10)
    done = scan(options)
    assert (len(done.counted), done.counts.truncated) == (3, 1)


def test_thresholds_are_by_path_and_names_are_asked_for(options: ScanOptions) -> None:
    for name in ("a.log", "b.log"):
        (options.base / name).write_text("nine digits: 219538841\n")
    policy = Policy(paths=(("b.log", Level(0.4)),))
    assert places(scan(replace(options, policy=policy))) == ["b.log:1"]
    (options.base / "c.txt").write_text("We saw Ms. Margaret Thornberry of Springfield today.\n")
    named = scan(replace(options, policy=Policy(Level(0.4, names=True))))
    assert any(place.startswith("c.txt") for place in places(named))


def test_canaries_are_found_in_members_with_their_line(options: ScanOptions) -> None:
    patients = make_patients(7, 2)
    value = patients[1].values["mrn"]
    (options.base / "a.log.gz").write_bytes(gzip.compress(f"1\n2\n{value}\n".encode()))
    done = scan(replace(options, patients=patients))
    assert done.canaries is not None
    assert "a.log.gz:3" in {str(each.flaw.place) for each in done.canaries.findings}


def test_canaries_and_rows_of_users_are_found_by_several_processes(options: ScanOptions) -> None:
    patients = make_patients(7, 2)
    for number in range(3):
        text = f"code QX-{number}77 of {patients[0].values['mrn']}\n"
        (options.base / f"{number}.log").write_text(text)
    table = RecognizerTable.model_validate(
        {"id": "T-CODE", "letter": "H", "title": "A code", "pattern": [r"QX-\d{3}"], "score": 0.9}
    )
    options = replace(options, patients=patients, own=(row_from(table),))
    one, two = scan(options), scan(replace(options, jobs=2))
    assert [each.flaw.rule for each in one.identifiers.findings].count("T-CODE") == 3
    assert one.found == two.found
    assert one.canaries is not None
    assert len(one.canaries.findings) == 3


def test_a_find_outside_of_any_field_has_its_column(options: ScanOptions) -> None:
    (options.base / "a.log").write_text(f'x {{"a": "b\\n"}}\nssn {SSN}\n')
    (found,) = scan(options).counted
    assert (found.flaw.place.line, found.flaw.place.column) == (2, 5)


def test_a_link_to_itself_breaks_nothing(options: ScanOptions) -> None:
    (options.base / "loop").symlink_to("loop")
    (options.base / "a.log").write_text(f"ssn {SSN}\n")
    assert places(scan(options)) == ["a.log:1"]


@pytest.mark.parametrize(
    ("way", "rule", "path", "told"),
    [
        (Way.ALLOW, "CG-PHI-URL", "docs", 1),
        (Way.ALLOW, "ACME-CODE", "docs", 1),
        (Way.ALLOW, "CG-PHI-URL", "elsewhere", 0),
        (Way.OK, "*", "docs/a.txt", 1),
        (Way.WAIVER, "CG-PHI-URL", "docs/*", 1),
        (Way.WAIVER, "CG-HIPAA-AUDIT-001", "docs/*", 0),
    ],
)
def test_what_accepts_nothing_in_files_that_were_read_is_told(
    options: ScanOptions, way: Way, rule: str, path: str, told: int
) -> None:
    (options.base / "docs").mkdir()
    (options.base / "docs" / "a.txt").write_text("fine\n")
    idle = Acceptance(way, rule, path, date(2026, 12, 1), "published", "clinigate.toml", 1)
    done = scan(replace(options, acceptances=(idle,)))
    assert len(done.found) == told


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_since_a_revision_only_what_changed_is_searched(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "old.txt").write_text(f"ssn {SSN}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "kept.txt").write_text("fine\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    assert scan_tree(tmp_path, since="HEAD").counts.files == 0
    (tmp_path / "sub" / "kept.txt").write_text(f"ssn {SSN}\n")
    (tmp_path / "new.txt").write_text("fine\n")
    done = scan_tree(tmp_path, since="HEAD")
    assert places(done) == ["sub/kept.txt:1"]
    assert done.counts.files == 2
    assert places(scan_tree(tmp_path / "sub", since="HEAD")) == ["kept.txt:1"]


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", ""])
def test_a_revision_that_git_does_not_know_is_refused(tmp_path: Path, revision: str) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="--since"):
        scan_tree(tmp_path, since=revision)
    assert not (tmp_path / "x").exists()


def test_without_git_nothing_can_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no git work tree"):
        scan_tree(tmp_path, since="HEAD")
