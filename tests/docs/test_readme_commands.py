"""Every command of the README does what the README says.

In `console` blocks the lines that begin with `$ ` are commands and the others show output; in `sh`
blocks every line is a command. A backslash at the end goes on with the next line. A command that
ends with another code than 0 says so: `# exit code 1`. All of them run in one shell, one after the
other, in a folder like a user's: `clinigate.toml` describes a reference service that runs. Full
evaluations are run as samples, which must not pass.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clinigate.cli.app import app
from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.reference.launch import running

ROOT = Path(__file__).resolve().parents[2]

#: Commands of the checkout; `make -n` shows what each would do, which ends in this line.
MAKE = {
    "make demo": ".venv/bin/clinigate demo",
    "make test": '.venv/bin/python -m pytest tests -n 3 --dist worksteal -m "not acceptance"',
    "make acceptance": ".venv/bin/python -m pytest tests -n 2 --dist load -m acceptance",
    "make bench": ".venv/bin/python benchmarks/run_all.py",
    "make campaign": ".venv/bin/python benchmarks/run_all.py --campaigns",
    "make docs": ".venv/bin/python docs/regenerate.py",
}

#: Commands that another test runs in full, and that test's file.
ELSEWHERE: dict[str, str] = {
    "clinigate chaos run kill-replica --reference": "tests/cli/test_cli_resilience.py",
    "clinigate load run --profile smoke --reference": "tests/cli/test_cli_resilience.py",
    "clinigate bench ai --latency-threshold=100ms --throughput-threshold=100rps --allow-cpu": (
        "tests/cli/test_cli_resilience.py"
    ),
    "clinigate demo --profile pr": "tests/cli/test_cli_demo.py",
    "clinigate demo --resilience": "tests/cli/test_cli_resilience.py",
    "clinigate demo --all-stages": "tests/stages/test_demo_stages.py",
}
#: The same, for a command whose arguments are a script of their own.
COLLECTING = re.compile(r"clinigate collect ")

#: Commands that bring a checkout or a package, or make it the shell's own.
FETCHING = re.compile(
    r"git clone |cd clinigate$|\. \.venv/bin/activate$|(python3? -m )?pip install "
)

#: Evaluations that take minutes. Their flags ask for a certificate, and no sample gets one.
FULL_EVALUATION = re.compile(r"python -m pytest tests/(clinical|therapeutic)\b(?!.*--profile)")

#: Of every key that is made here.
PASSPHRASE = "a passphrase of this test"

#: Plugins of other tools, which no command here needs; each pytest would spend seconds on them.
OTHERS = ("anyio", "hypothesispytest", "locust", "schemathesis")

_FENCE = re.compile(r"^```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^```$", re.M | re.S)
_EXIT_CODE = re.compile(r"\s+# exit code (\d)$")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as a reader would type it, and the code that it should end with."""

    text: str
    exit_code: int = 0


def commands(page: str) -> list[Command]:
    """Return the commands of a page in their order.

    Raises:
        ValueError: a block of another kind shows commands; nobody would run them.
    """
    found = []
    for block in _FENCE.finditer(page):
        kind, body = block["kind"], block["body"]
        if kind in ("console", "sh"):
            found += list(_of_block(body, prompted=kind == "console"))
        elif kind in ("bash", "shell", "zsh") or re.search(r"^\$ ", body, re.M):
            raise ValueError(f"```{kind} shows commands; write ```console or ```sh")
    return found


def _of_block(body: str, *, prompted: bool) -> Iterator[Command]:
    for line in body.replace("\\\n", "").splitlines():
        if prompted and not line.startswith("$ "):
            continue
        text = line.removeprefix("$ ").strip()
        if text and not text.startswith("#"):
            stated = _EXIT_CODE.search(text)
            yield Command(_EXIT_CODE.sub("", text), int(stated[1]) if stated else 0)


def as_run(command: Command) -> Command:
    """Return what is run here for a command of the README."""
    if FULL_EVALUATION.match(command.text):
        return Command(f"{command.text} --profile pr", 1)
    if command.text.startswith("clinigate gate "):  # of what those samples showed
        return Command(command.text, 1)
    if command.text.startswith("python -m pytest tests/hipaa/"):  # of a store nobody described
        return Command(command.text, 1)
    if command.text.startswith("clinigate sign "):  # a person is asked for the passphrase
        return Command(f"{command.text} --passphrase-fd 3 3<<< '{PASSPHRASE}'", command.exit_code)
    if command.text == "clinigate init":  # means a folder in which nothing is yet
        return Command("mkdir new && (cd new && clinigate init)", command.exit_code)
    return command


def to_toml(tables: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Return nested tables as TOML; JSON writes single values the same way."""
    lines = [f"[{'.'.join(path)}]"] if path else []
    below = []
    for key, value in tables.items():
        if isinstance(value, Mapping):
            below.append(to_toml(value, (*path, key)))
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([*lines, *below])


def run_all(script: list[Command], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run commands in one shell and return a sentence for each that ended otherwise than said."""
    codes = folder.parent / "codes"
    lines = [
        f"{command.text}\necho $? >> {codes}\necho '--- {n}'" for n, command in enumerate(script, 1)
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    ended = [int(line) for line in codes.read_text(encoding="utf-8").split()]
    outputs = re.split(r"^--- \d+\n", done.stdout, flags=re.M)
    assert len(ended) == len(script), f"the shell ended early:\n{done.stdout[-4000:]}"
    return [
        f"{command.text}: exit code {code} instead of {command.exit_code}\n{output[-2000:]}"
        for command, code, output in zip(script, ended, outputs, strict=False)
        if code != command.exit_code
    ]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A user's folder with its suites, a key and its trust file, and the user's environment."""
    folder = tmp_path / "service"
    passphrase = {"CLINIGATE_KEY_PASSPHRASE": PASSPHRASE}
    runner = CliRunner(env=passphrase)
    key, trust = tmp_path / "ci.key", folder / "trust.toml"
    for line in (["init", str(folder)], ["keys", "generate", "--out", key, "--trust", trust]):
        done = runner.invoke(app, [str(each) for each in line], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    with running() as connection:
        tables = reference_tables(connection) | {
            "gate": {"policy": "demo", "trust": trust.name},
            "signing": {"key": f"file:{key}"},
        }
        (folder / "clinigate.toml").write_text(to_toml(tables), encoding="utf-8")
        shutil.copytree(
            ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".clinigate")
        )
        own = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
        own |= reference_environment(connection) | passphrase
        own["PYTEST_ADDOPTS"] = " ".join(f"-pno:{name}" for name in OTHERS)
        own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
        yield folder, own


@pytest.mark.acceptance
def test_every_command_of_the_readme_does_what_it_says(
    project: tuple[Path, dict[str, str]], pages: dict[str, str]
) -> None:
    """Run for real, but for those in the tables above."""
    every = commands(pages["README.md"])
    assert every, "the README shows no command"
    here = [
        as_run(each)
        for each in every
        if each.text not in MAKE | ELSEWHERE
        and not FETCHING.match(each.text)
        and not COLLECTING.match(each.text)
    ]
    folder, environment = project
    reports = run_all(here, folder, environment)
    assert not reports, "\n".join(reports)


@pytest.mark.parametrize("command", sorted(MAKE))
def test_make_does_what_the_readme_says_of_it(command: str) -> None:
    """Set-up, and then this one line."""
    # Under `make test` this make would take itself for a part of that one.
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: text for name, text in os.environ.items() if name not in outer}
    done = subprocess.run(
        [*command.split(), "-n"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == MAKE[command]


def test_what_runs_elsewhere_runs_there() -> None:
    """The test's file is there and names the command's arguments."""
    for command, file in ELSEWHERE.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert all(word in text for word in command.split()[1:]), command


SAMPLE = """\
# Sample

```console
$ make demo
created .venv
$ clinigate gate last   # exit code 1
gate shut
$ clinigate keys generate \\
    --out keys/a.key
# a comment, as output
```

Text with `$ inline` code.

```sh
# set up
git clone https://example.invalid/clinigate
cd clinigate

python -m pytest tests/ --clinical-grade  # exit code 1
```

```toml
key = "$ no command"
```

```python
print("$ neither")
```
"""


def test_commands_are_found() -> None:
    """In their order, with the codes that they should end with."""
    assert commands(SAMPLE) == [
        Command("make demo"),
        Command("clinigate gate last", 1),
        Command("clinigate keys generate     --out keys/a.key"),
        Command("git clone https://example.invalid/clinigate"),
        Command("cd clinigate"),
        Command("python -m pytest tests/ --clinical-grade", 1),
    ]


@pytest.mark.parametrize(
    "block", ["```bash\nmake demo\n```", "```\n$ make demo\n```", "```text\n$ make demo\n```"]
)
def test_a_command_that_would_go_unseen_is_refused(block: str) -> None:
    """Rather than promised and never run."""
    with pytest.raises(ValueError, match="write ```console or ```sh"):
        commands(f"{block}\n")


def test_a_command_that_ends_otherwise_is_reported(tmp_path: Path) -> None:
    """With its output; folder and variables last from one command to the next."""
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    script = [
        Command("cd below"),
        Command("export WORD=kept"),
        Command("echo $WORD in ${PWD##*/}; false"),
        Command("false", 1),
        Command("true", 1),
    ]
    reports = run_all(script, folder, os.environ)
    assert [report.splitlines() for report in reports] == [
        ["echo $WORD in ${PWD##*/}; false: exit code 1 instead of 0", "kept in below"],
        ["true: exit code 0 instead of 1"],
    ]


def test_a_shell_that_ends_early_is_no_success(tmp_path: Path) -> None:
    """What was not run was not shown to work."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(AssertionError, match="ended early"):
        run_all(
            [Command("true"), Command("exit 0"), Command("true")], tmp_path / "folder", os.environ
        )


def test_tables_are_written_as_toml() -> None:
    """And read back as they were."""
    import tomllib

    tables = {"a": {"text": 'quoted "word"', "n": 1, "list": ["x"], "b": {"yes": True}}, "c": {}}
    assert tomllib.loads(to_toml(tables)) == tables
