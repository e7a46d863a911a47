"""`clinigate phi watch`: what turns up in a log is told at once, and evidence survives the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.config.loader import load_config
from clinigate.core.observation import Finding, Observation
from clinigate.phi.canaries import make_patients
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.runtime import watch as watch_module
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.watch import LogWatch
from clinigate.phi.runtime.watched import options_for, watched
from clinigate.phi.tokens import Tokens

Call = Callable[..., tuple[int, str]]


def watching(log: Path) -> LogWatch:
    tokens = Tokens(b"0123456789abcdef", lasting=True)
    patients = make_patients(7, 1)
    redactor = Redactor(patients=patients)
    return LogWatch([("app.log", log)], redactor_of=lambda _: redactor, tokens=tokens)


def closing(watch: LogWatch) -> None:
    """Look once."""
    watch.close()


def add(log: Path, text: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def test_findings_name_place_and_token_and_never_the_value(tmp_path: Path, ssn: str) -> None:
    log = tmp_path / "app.log"
    watch = watching(log)
    assert watch.look() == []
    add(log, f"start\nfailed for ssn {ssn}\n")
    (found,) = watch.look()
    assert (str(found.flaw.place), found.flaw.rule) == ("app.log:2", "CG-PHI-SSN")
    assert found.flaw.place.column == 16
    assert watch.look() == []
    add(log, f"again {ssn}")
    assert watch.look() == [], "its line has not ended"
    (again,) = watch.close()
    assert watch.tokens[found.flaw.fingerprint] == watch.tokens[again.flaw.fingerprint]
    assert found.flaw.fingerprint != again.flaw.fingerprint
    assert ssn not in repr((watch.result(), watch.tokens))
    assert watch.result().units == ("app.log",)
    assert watch.read == log.stat().st_size


def test_lines_begin_anew_after_a_rotation_and_nothing_is_lost(tmp_path: Path, ssn: str) -> None:
    log = tmp_path / "app.log"
    add(log, "one\n")
    watch = watching(log)
    watch.look()
    add(log, f"two ssn {ssn}\n")
    log.rename(tmp_path / "app.log.1")
    add(log, f"three\nfour ssn {ssn}\n")
    found = watch.look()
    assert [str(each.flaw.place) for each in found] == ["app.log:2", "app.log:2"]
    assert found[1].message.endswith("after 1 rotations")
    shutil.copy(log, tmp_path / "app.log.0")
    os.truncate(log, 0)
    assert watch.look() == []
    watch.close()
    assert watch.result().excluded == ()


def test_a_gap_and_a_log_that_never_came_are_not_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    add(log, "some lines\n")
    watch = watching(log)
    watch.look()
    os.truncate(log, 0)
    watch.close()
    assert "was cut short at byte 11" in watch.result().excluded[0].reason
    watch = watching(tmp_path / "never.log")
    watch.close()
    assert watch.result().units == ()
    assert "was never there" in watch.result().excluded[0].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_log_of_wide_letters_is_not_looked_at(tmp_path: Path, encoding: str, ssn: str) -> None:
    log = tmp_path / "app.log"
    watch = watching(log)
    log.write_bytes(f"start of ssn {ssn}\n".encode(encoding))
    watch.close()
    assert "UTF-16" in watch.result().excluded[0].reason


def test_a_disk_that_fails_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "app.log"
    add(log, "one\n")
    watch = watching(log)
    watch.look()

    def fails(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("clinigate.phi.runtime.follow.os.pread", fails)
        assert watch.look() == []
    add(log, "ssn 219-53-" + "8841\n")
    assert len(watch.look()) == 1
    watch.close()
    assert watch.result().excluded[0].reason == "could not be read for a time (Input/output error)"


def test_canaries_are_results_of_their_own(tmp_path: Path, ssn: str) -> None:
    log = tmp_path / "app.log"
    add(log, f"{make_patients(7, 1)[0].values['member_id']} and ssn {ssn}\n")
    watch = watching(log)
    watch.close()
    assert {each.flaw.rule for each in watch.result().findings} >= {"CG-PHI-SSN"}
    assert [each.flaw.rule for each in watch.canaries().findings] == ["CG-PHI-CANARY"]


def test_more_findings_than_are_listed_are_counted(
    tmp_path: Path, ssn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "KEPT", 3)
    log = tmp_path / "app.log"
    add(log, f"ssn {ssn}\n" * 5)
    watch = watching(log)
    assert len(watch.look()) == 3
    watch.close()
    assert watch.result().excluded[0].reason == "2 more findings than are listed"


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls `clinigate phi watch` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)

    def called(*words: str) -> tuple[int, str]:
        code = run(["phi", "watch", *words])
        return code, "".join(capsys.readouterr())

    return called


def test_a_planted_identifier_fails_and_its_removal_passes(
    call: Call, tmp_path: Path, ssn: str
) -> None:
    add(tmp_path / "app.log", f"ssn={ssn}\n")
    code, said = call("app.log", "--until-found")
    assert code == 1
    assert "app.log:1 CG-PHI-SSN: a social security number, letter G" in said
    assert ssn not in said
    (tmp_path / "app.log").write_text("ssn=[CG-PHI-SSN]\n", encoding="utf-8")
    code, said = call("app.log", "--for", "1ms")
    assert (code, "PASS" in said) == (0, True)
    add(tmp_path / "app.log", f"ssn={ssn}\n")
    code, _ = call("app.log", "--for", "1ms", "--from-now")
    assert code == 2, "a log that gained nothing was not looked at"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A watch of app.log, as a process of its own, that has told of what stood there."""
    add(tmp_path / "app.log", "mrn: A-" + "77124430\n")
    environ = {name: value for name, value in os.environ.items() if "CLINIGATE" not in name}
    command = [
        sys.executable,
        "-u",
        "-m",
        "clinigate",
        "phi",
        "watch",
        "app.log",
        "--interval",
        "50ms",
    ]
    started = subprocess.Popen(
        command, cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert started.stdout is not None
    assert "CG-PHI-MRN" in started.stdout.readline()
    yield started
    started.kill()
    started.wait()
    started.stdout.close()


def test_evidence_survives_every_end(
    tmp_path: Path, process: subprocess.Popen[str], ssn: str, call: Call
) -> None:
    left = tmp_path / "killed"
    # What is on the disk at any moment is what a killed process leaves.
    shutil.copytree(tmp_path / ".clinigate", left)
    assert process.stdout is not None
    add(tmp_path / "app.log", f"ssn={ssn}\n")
    assert "app.log:2 CG-PHI-SSN" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "FAIL" in said
    (run_folder,) = (tmp_path / ".clinigate" / "runs").iterdir()
    recorded = json.loads((run_folder / "results.json").read_text())
    assert recorded["interrupted"] is None
    assert "CG-PHI-SSN" in json.dumps(recorded)
    assert ssn not in json.dumps(recorded)
    of_a_killed_one(next((left / "runs").iterdir()))


def of_a_killed_one(run_folder: Path) -> None:
    """It says that it was interrupted, and holds what was told."""
    assert run(["seal", str(run_folder), "--as-incomplete", "--unsigned"]) == 2
    recorded = json.loads((run_folder / "results.json").read_text())
    assert "never said that it ended" in recorded["interrupted"]
    (seen,) = recorded["observations"]
    assert "CG-PHI-MRN" in json.dumps(seen)
    assert "77124430" not in json.dumps(recorded)
    assert {each["status"] for each in recorded["verdicts"]}.isdisjoint({"PASS"})


def test_each_finding_is_recorded_once(
    tmp_path: Path, ssn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "app.log"
    add(log, f"ssn {ssn}\n")
    seen: list[Observation] = []

    def follow(watch: LogWatch) -> None:
        watch.look()
        assert len(seen) == 1
        add(log, f"again, ssn {ssn}")
        watch.close()

    watched(options_for(load_config(None)), [log], follow=follow, record=seen.append)
    findings = [each.about.where for each in seen if isinstance(each.about, Finding)]
    assert [str(where).rpartition("/")[2] for where in findings] == ["app.log:1", "app.log:2"]
    assert len(seen) == 3


def test_rows_of_one_s_own_count_where_the_threshold_of_a_path_says(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = Recognizer(
        "ACME-WARD", Letter.R, "A ward", Tier.CONTEXTUAL, (form(r"(?P<v>WARD[0-9]{4})", 0.5),)
    )
    monkeypatch.setattr(watch_module, "BY_ID", {ward.id: ward})
    (tmp_path / "clinigate.toml").write_text('[[phi.path]]\nglob = "b.log"\ntier = "contextual"\n')
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    for log in logs:
        add(log, "in WARD1234\n")
    options = options_for(load_config(None))
    done = watched(options, logs, follow=closing, rows=[ward])
    assert [str(each.flaw.place) for each in done.counted] == ["b.log:1"]
    assert done.counted[0].message == "a ward, letter R, score 0.50"
