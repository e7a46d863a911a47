"""Every error is one sentence on standard error with the right exit code, and never a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from clinigate import errors
from clinigate.cli import app, troubles
from clinigate.cli.exits import ExitCode, code_for

USAGE = {
    "unknown command": (["gat"], "no such command 'gat'; did you mean gate? `clinigate --help`"),
    "nothing near": (["fly"], "no such command 'fly'; there are init, doctor, demo"),
    "unknown option": (["demo", "--defct", "x"], "no such option --defct; did you mean --defect"),
    "no near option": (["--zzz"], "no such option --zzz; `clinigate --help`"),
    "missing argument": (["repro"], "missing argument 'CASE_ID'; `clinigate repro --help`"),
    "one too many": (["init", "a", "b"], "got unexpected extra argument (b)"),
    "not a choice": (["demo", "--model", "gpt"], "'gpt' is not one of 'calibrator', 'baseline'"),
    "below zero": (["demo", "--seed", "-1"], "invalid value for '--seed': -1"),
    "no number": (["repro", "x", "--seed", "one"], "invalid value for '--seed': 'one'"),
    "a file as root": (["demo", "--root", sys.executable], "invalid value for '--root'"),
    "below a group": (["keys", "make"], "no such command 'make'"),
    "unknown defect": (["demo", "--defect", "biased"], "did you mean 'biased-group'?"),
}


@pytest.mark.parametrize("name", USAGE)
def test_what_cannot_be_meant_is_a_usage_error(cli: Callable[..., Any], name: str) -> None:
    arguments, expected = USAGE[name]
    said = cli(*arguments)
    assert said.code == ExitCode.USAGE
    assert expected in said.sentence
    assert said.out == ""


def test_without_a_command_the_help_is_shown(cli: Callable[..., Any]) -> None:
    said = cli()
    assert said.code == ExitCode.USAGE
    assert "Commands:" in said.err


def test_help_and_version_end_well(cli: Callable[..., Any]) -> None:
    for arguments in (["--help"], ["gate", "-h"], ["--version"], ["keys", "generate", "--help"]):
        said = cli(*arguments)
        assert (said.code, said.err) == (ExitCode.OK, "")
        assert said.out


def test_every_command_is_listed_and_loads(cli: Callable[..., Any]) -> None:
    """A line in the table of commands without its module would be found by a user first."""
    listed = cli("--help").out
    for name in app.COMMANDS:
        assert f"\n  {name} " in listed
        assert cli(name, "--help").code == ExitCode.OK


CODES = {
    "UsageError": 4,
    "ConfigError": 4,
    "PackError": 4,
    "PolicyError": 4,
    "ControlError": 4,
    "KeyFileError": 4,
    "CheckDefinitionError": 4,
    "IntegrityError": 3,
    "IncompleteRunError": 2,
    "EvidenceError": 2,
    "TargetError": 2,
    "ClinigateError": 2,
    "ModelValidationError": 1,
    "CriticalSafetyTestFailure": 1,
}


@pytest.mark.parametrize("name", CODES)
def test_one_table_of_exit_codes(name: str) -> None:
    error = getattr(errors, name)("a sentence")
    assert code_for(error) == CODES[name]
    assert troubles.told(error) == ("a sentence", CODES[name])


def test_every_error_has_its_code() -> None:
    extra = errors.MissingExtraError("the demo", "demo")
    assert code_for(extra) == ExitCode.USAGE
    assert set(errors.__all__) == {*CODES, "MissingExtraError"}


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the command `seal` raise."""

    def arrange(error: BaseException) -> None:
        @click.command("seal")
        def command() -> None:
            raise error

        monkeypatch.setattr("clinigate.cli.seal.command", command)

    return arrange


def test_a_mistake_of_ours_is_told_without_the_words_of_a_patient(
    cli: Callable[..., Any], breaking: Callable[[BaseException], None]
) -> None:
    """The text of an unforeseen exception may quote a conversation; its type does not."""
    breaking(KeyError("Jane Doe said that she is afraid"))
    said = cli("seal")
    assert said.code == ExitCode.UNFINISHED
    assert "KeyError" in said.sentence
    assert "please report it" in said.sentence
    assert "CLINIGATE_DEBUG=1" in said.sentence
    assert "Jane" not in said.out + said.err


def test_the_place_of_a_mistake_is_named(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinigate.cli.verify.bundle_path", lambda *_: 1 / 0)
    assert "ZeroDivisionError at clinigate/cli/verify.py line " in cli("verify").sentence


def test_the_traceback_is_there_for_whoever_asks(
    cli: Callable[..., Any],
    breaking: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(troubles.DEBUG_VARIABLE, "1")
    breaking(KeyError("what was said"))
    said = cli("seal")
    assert said.code == ExitCode.UNFINISHED
    assert "Traceback" in said.err
    assert "what was said" in said.err


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "Permission denied", "out.html"), "out.html: Permission denied;"),
        (OSError(28, "No space left on device"), "No space left on device;"),
        (OSError("no number"), "OSError"),
    ],
)
def test_what_the_system_refuses_names_the_file(
    cli: Callable[..., Any],
    breaking: Callable[[BaseException], None],
    error: OSError,
    expected: str,
) -> None:
    breaking(error)
    said = cli("seal")
    assert said.code == ExitCode.UNFINISHED
    assert said.sentence.startswith(expected)


def test_an_interruption_is_no_error_of_ours(
    cli: Callable[..., Any], breaking: Callable[[BaseException], None]
) -> None:
    breaking(KeyboardInterrupt())
    said = cli("seal")
    assert said.code == ExitCode.UNFINISHED
    assert said.err.split() == ["clinigate:", "interrupted"]


@pytest.mark.parametrize("shell", ["{} demo --list-defects | true", "{} --help 2>&1 | head -1"])
def test_a_reader_that_leaves_changes_neither_output_nor_exit_code(
    shared: Any, tmp_path: Path, shell: str
) -> None:
    """`clinigate … | head -1` writes no traceback, and `pipefail` sees the command's own code."""
    script = f"set -o pipefail; {shell.format(shared.PROGRAM)}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (ExitCode.OK, "")


def test_output_that_nobody_reads_stops_no_work(shared: Any, tmp_path: Path) -> None:
    """All files are written although the first line already went nowhere."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shared.PROGRAM} init project | true"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (ExitCode.OK, "")
    assert (tmp_path / "project" / ".gitignore").is_file()


def test_output_that_cannot_be_written_is_an_error(shared: Any, tmp_path: Path) -> None:
    """A full disk is not a reader that has seen enough."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(shared.PROGRAM), "demo", "--list-defects"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == ExitCode.UNFINISHED
    assert done.stderr.splitlines() == [
        "clinigate: No space left on device; mend that and run the command again"
    ]


def test_closed_streams_are_no_error(shared: Any, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{shared.PROGRAM} --help >&- 2>&-"],
        cwd=tmp_path, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == ExitCode.OK


def test_a_process_that_must_ignore_ctrl_c_still_ends_when_told_to(tmp_path: Path) -> None:
    """A job in the background ignores SIGINT; SIGTERM turned into that would do nothing."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from clinigate.cli.streams import end_as_interrupted; end_as_interrupted();"
        "signal.raise_signal(signal.SIGTERM); print('still here')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "")


def test_a_job_that_is_told_twice_to_end_ends_in_order(tmp_path: Path) -> None:
    """`timeout` sends SIGTERM to the process and to its group."""
    code = """
import signal
from clinigate.cli.streams import end_as_interrupted
end_as_interrupted()
try:
    signal.raise_signal(signal.SIGTERM)
except KeyboardInterrupt:
    signal.raise_signal(signal.SIGTERM)
    print("sealed")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "sealed\n", "")


def test_what_strangers_write_cannot_act_on_the_terminal(cli: Callable[..., Any]) -> None:
    """One line, whatever stands in a name; what acts unseen is written out."""
    said = cli("verify", "\x1b[31mred\nsecond line\u202e")
    assert said.code == ExitCode.USAGE
    assert "second line" in said.sentence
    assert "\x1b" not in said.err
    assert "\u202e" not in said.err
