"""Files are searched as they are: what git lists and can be read, piece by piece."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, UsageError
from clinigate.findings.accepted_files import read_waivers
from clinigate.findings.sarif import write_sarif
from clinigate.phi import engine as engine_module
from clinigate.phi import scanning as scan_module
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_file import canary_bytes
from clinigate.phi.criteria import builtin_criteria
from clinigate.phi.engine import Find
from clinigate.phi.files import files_of
from clinigate.phi.finding import find
from clinigate.phi.observe import criteria_for, observed
from clinigate.phi.pieces import find_in_pieces
from clinigate.phi.scanning import PhiScan, ScanOptions, scan
from clinigate.phi.tokens import Tokens, configured_tokens

SSN = "219-53-" + "8841"
TODAY = date(2026, 11, 22)
KEY = Tokens(b"k" * 32, lasting=True)


@pytest.fixture
def options(tmp_path: Path, engine: Find, monkeypatch: pytest.MonkeyPatch) -> ScanOptions:
    """Of a folder; the engine is loaded once for all tests."""
    monkeypatch.setattr(scan_module, "presidio_find", lambda threshold: engine)
    return ScanOptions(base=tmp_path, paths=(".",), tokens=KEY, today=TODAY)


def write(folder: Path, **files: str | bytes) -> None:
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / name.replace("__", ".")).write_bytes(data)


def test_a_link_hides_nothing(options: ScanOptions, tmp_path: Path) -> None:
    """Within the paths it is searched where it is; a file outside at the link; a folder is told."""
    base = tmp_path / "project"
    (base / "logs").mkdir(parents=True)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    write(outside, a__txt=f"ssn {SSN}\n")
    (base / "again").symlink_to(base / "logs")
    (base / "nowhere").symlink_to(base / "gone")
    write(base, b__txt="fine\n")
    inside = replace(options, base=base)
    assert scan(inside).identifiers.excluded == ()
    (base / "one.txt").symlink_to(outside / "a.txt")
    assert opened(scan(inside)) == [("CG-PHI-SSN", "one.txt", 1)]
    (base / "one.txt").unlink()
    (base / "all").symlink_to(outside)
    (told,) = scan(inside).identifiers.excluded
    assert (told.unit, "a link out of what is scanned" in told.reason) == ("all", True)


def opened(done: PhiScan) -> list[tuple[str, str, int | None]]:
    return [
        (each.flaw.rule, each.flaw.place.uri, each.flaw.place.line)
        for each in done.found
        if each.is_open and each.flaw.severity != "info"
    ]


def measured(done: PhiScan) -> Measurement:
    (first,) = [o.about for o in observed(done) if isinstance(o.about, Measurement)]
    return first


def status(done: PhiScan) -> Status:
    return builtin_criteria()[0].judge(measured(done)).status


def test_a_find_names_file_line_rule_letter_and_token_and_never_the_value(
    options: ScanOptions,
) -> None:
    write(options.base, app__log=f"start\nuser ssn={SSN}\n", b__txt="hello\n")
    done = scan(options)
    assert opened(done) == [("CG-PHI-SSN", "app.log", 2)]
    (seen,) = [o.about for o in observed(done) if isinstance(o.about, Finding)]
    assert seen.flaw is not None
    assert "(G)" in seen.flaw.title
    assert seen.excerpt == f"value {KEY.of(SSN)}"
    assert SSN not in repr(done)
    assert SSN not in write_sarif(done.results).decode()
    assert (measured(done).n, measured(done).events, measured(done).value) == (2, 1, 1.0)
    assert status(done) is Status.FAIL


def test_a_clean_folder_passes_and_an_empty_one_is_not_assessed(options: ScanOptions) -> None:
    (empty,) = observed(scan(options))
    assert isinstance(empty.about, Gap)
    write(options.base, a__txt="nothing to see, a@example.com, 212-555-0123\n")
    done = scan(options)
    assert status(done) is Status.PASS
    assert {each.flaw.severity for each in done.found} == {"info"}


def test_a_path_that_does_not_exist_is_refused(options: ScanOptions) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        scan(replace(options, paths=("nowhere",)))


def test_what_cannot_be_looked_at_is_named_and_forbids_a_pass(options: ScanOptions) -> None:
    write(options.base, a__txt="fine", b__bin=b"\x7fELF\0\0", c__txt=b"caf\xe9", d__txt="x" * 3000)
    done = scan(replace(options, max_bytes=2048))
    reasons = {each.unit: each.reason for each in done.identifiers.excluded}
    assert reasons.keys() == {"d.txt"}
    assert "larger than" in reasons["d.txt"]
    assert (done.counts.files, done.counts.skipped, done.counts.bytes) == (3, 1, 14)
    assert status(done) is Status.INCONCLUSIVE


def test_what_was_left_out_on_purpose_is_named(options: ScanOptions) -> None:
    write(options.base, a__txt="fine", b__log=f"ssn {SSN}")
    done = scan(replace(options, exclude=("*.log",)))
    assert status(done) is Status.PASS
    assert "left out on purpose: *.log" in measured(done).caveats


def test_a_line_that_is_nested_too_deeply_is_no_trouble(options: ScanOptions) -> None:
    write(options.base, a__jsonl="[" * 990 + '"\\u0040"' + "]" * 990)
    assert status(scan(options)) is Status.PASS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_how_to_read(options: ScanOptions, encoding: str) -> None:
    write(options.base, a__txt=f"ssn {SSN}".encode(encoding))
    assert opened(scan(options)) == [("CG-PHI-SSN", "a.txt", 1)]


def test_without_presidio_nothing_was_looked_at(
    options: ScanOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "presidio_version", lambda: None)
    monkeypatch.setattr(scan_module, "presidio_find", engine_module.presidio_find)
    write(options.base, a__txt=f"ssn {SSN}")
    (seen,) = observed(scan(replace(options, engine="presidio")))
    assert isinstance(seen.about, Gap)
    assert "pip install 'clinigate[phi]'" in seen.about.reason


def test_git_says_what_is_ours_unless_an_ignored_folder_is_named(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "logs").mkdir()
    write(tmp_path, __gitignore="logs/\n*.tmp\n", a__txt="x", b__tmp="x")
    write(tmp_path / "logs", c__txt="x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    assert [path.name for path in files_of(tmp_path, ["."])] == [".gitignore", "a.txt"]
    assert [path.name for path in files_of(tmp_path, ["logs"])] == ["c.txt"]
    assert [path.name for path in files_of(tmp_path, ["b.tmp", "a.txt"])] == ["a.txt", "b.tmp"]
    assert [path.name for path in files_of(tmp_path, ["."], ["*.txt"])] == [".gitignore"]


def test_a_comment_accepts_one_line_for_a_time_and_then_no_more(options: ScanOptions) -> None:
    line = f"ssn = '{SSN}'  # clinigate: accept CG-PHI-SSN until 2027-01-31: invented\n"
    write(options.base, a__py=line + f"other = '{SSN}'\n")
    assert opened(scan(options)) == [("CG-PHI-SSN", "a.py", 2)]
    later = scan(replace(options, today=date(2027, 2, 1)))
    assert opened(later) == [("CG-PHI-SSN", "a.py", 1), ("CG-PHI-SSN", "a.py", 2)]


def test_a_comment_without_reason_is_refused_and_one_that_accepts_nothing_is_named(
    options: ScanOptions,
) -> None:
    write(options.base, a__py="x = 1  # clinigate: accept CG-PHI-SSN until 2027-01-31: old\n")
    (remark,) = scan(options).found
    assert "accepts nothing" in remark.message
    write(options.base, a__py="x = 1  # clinigate: accept CG-PHI-SSN until 2027-01-31\n")
    with pytest.raises(ConfigError, match=r"a\.py: line 1"):
        scan(options)


def test_a_waiver_accepts_paths(options: ScanOptions) -> None:
    (options.base / "tests").mkdir()
    write(options.base / "tests", a__py=f"'{SSN}'\n")
    waivers = options.base / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\nrule = "CG-PHI-SSN"\npath = "tests/**"\nreason = "planted"\n'
        'until = 2027-01-31\nrequested_by = "a"\napproved_by = "b"\n',
        encoding="utf-8",
    )
    accepted = tuple(read_waivers(waivers, TODAY))
    assert opened(scan(replace(options, acceptances=accepted))) == []


def test_a_canary_is_found_in_binary_files_too_and_not_in_its_own_file(
    options: ScanOptions,
) -> None:
    own = options.base / "canaries.json"
    own.write_bytes(canary_bytes(7, 2))
    patients = make_patients(7, 2)
    value = patients[1].values["family_name"].encode()
    write(options.base, dump__bin=b"\0\0" + value.hex().encode() + b"\0")
    done = scan(replace(options, patients=patients, canary_file=own))
    assert done.canaries is not None
    (found,) = done.canaries.findings
    assert found.flaw.rule == "CG-PHI-CANARY"
    assert found.flaw.place.uri == "dump.bin"
    assert found.message == "family_name of canary-2 stands here, as hex"
    assert [each.id for each in criteria_for(replace(options, patients=patients))] == [
        "phi.files.identifiers",
        "phi.canaries",
    ]


def test_two_scans_give_the_same_sarif_and_shifted_lines_the_same_identity(
    options: ScanOptions,
) -> None:
    write(options.base, a__log=f"ssn {SSN}\ncall (212) 867-5309\n", b__bin=b"\0")
    random = replace(options, tokens=configured_tokens(None))
    other = replace(options, tokens=configured_tokens(None))
    assert write_sarif(scan(random).results) == write_sarif(scan(other).results)
    before = {each.flaw.fingerprint for each in scan(options).found}
    write(options.base, a__log=f"\n\nssn {SSN}\n\ncall (212) 867-5309\n")
    assert {each.flaw.fingerprint for each in scan(options).found} == before


def test_under_a_lasting_key_another_value_is_another_finding(options: ScanOptions) -> None:
    write(options.base, a__log=f"ssn {SSN}\n")
    first = {each.flaw.fingerprint for each in scan(options).found}
    write(options.base, a__log="ssn 219-53-" + "8842\n")
    assert first.isdisjoint({each.flaw.fingerprint for each in scan(options).found})


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHI_KEY", "short")
    with pytest.raises(ConfigError, match="PHI_KEY has 5 characters"):
        configured_tokens("PHI_KEY")
    monkeypatch.setenv("PHI_KEY", "long enough, this one")
    assert configured_tokens("PHI_KEY").of("219 53 8841") == configured_tokens("PHI_KEY").of(SSN)


def test_a_log_of_json_lines_is_read_escapes_and_all(options: ScanOptions) -> None:
    lines = [
        json.dumps({"level": "info", "msg": "started"}),
        json.dumps({"patient": {"mrn": 48209137}}),
        '{"msg": "mail to zelda\\u0040mercy-clinic.org"}',
        json.dumps({"msg": json.dumps({"ssn": SSN})}),
    ]
    write(options.base, app__jsonl="\n".join(lines))
    assert opened(scan(options)) == [
        ("CG-PHI-MRN", "app.jsonl", 2),
        ("CG-PHI-EMAIL", "app.jsonl", 3),
        ("CG-PHI-SSN", "app.jsonl", 4),
    ]


@settings(max_examples=30)
@given(
    before=st.integers(16_340, 16_400),
    gap=st.sampled_from([" ", "\n"]),
    value=st.sampled_from([f"ssn {SSN}", "zelda@mercy-clinic.org", "MRN: 48209137"]),
)
def test_a_find_across_the_cut_of_two_pieces_is_found_once(
    before: int, gap: str, value: str
) -> None:
    text = "x" * before + gap + value + gap + "y" * 500
    whole = find(text)
    assert len(whole) == 1
    assert list(find_in_pieces(text, find)) == whole
