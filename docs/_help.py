"""Help texts, asked of the programs in the width of a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points

import click
from click.testing import CliRunner

from clinigate.cli.app import app
from clinigate.pytest_plugins.options import GROUP

__all__ = [
    "command_help",
    "entries_about",
    "fixture_entries",
    "option_group",
    "pytest_fixtures",
    "pytest_markers",
    "pytest_options",
]

WIDTH = 88


def command_help() -> str:
    """Every command's `--help`, under a heading of its own."""
    return "\n\n".join(_sections(app, ("clinigate",)))


def _sections(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    heading = "#" * (len(path) + 1)
    yield f"{heading} `{' '.join(path)}`\n\n{_fenced(_help(path[1:]))}"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from _sections(below, (*path, name))


def _help(path: tuple[str, ...]) -> str:
    done = CliRunner().invoke(
        app, [*path, "--help"], prog_name="clinigate", terminal_width=WIDTH, catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.output


def pytest_options() -> str:
    """Our group of `pytest --help`."""
    return _fenced(option_group(_pytest("--help")))


def pytest_markers() -> str:
    """What our plugins add to `pytest --markers`."""
    blocked = [f"-pno:{name}" for name in _plugins()]
    return _fenced(entries_about(_pytest("--markers"), _pytest("--markers", *blocked)))


def pytest_fixtures() -> str:
    """What our plugins add to `pytest --fixtures`."""
    return _fenced(fixture_entries(_pytest("--fixtures", "-v")))


def option_group(text: str) -> str:
    """Return our group out of the output of `pytest --help`."""
    group = re.search(rf"^{GROUP}:.*\n(?:[ ].*\n|\n(?=[ ]))+", text, re.M | re.I)
    if group is None:
        raise LookupError(f"pytest shows no option group {GROUP!r}; is the plugin installed?")
    return group[0]


def entries_about(with_ours: str, without: str) -> str:
    """Return the blocks of one output that another does not have."""
    others = set(without.split("\n\n"))
    return "\n\n".join(block for block in with_ours.split("\n\n") if block not in others)


def fixture_entries(text: str) -> str:
    """Return our public fixtures out of `pytest --fixtures`, without the places of their code."""
    ours = r"^-+ fixtures defined from clinigate\.\S+ -+\n((?:(?!-).*\n)+)"
    entry = r"^([a-z]\S*(?: \[.+?\])?) -- .*\n((?:[ ].*\n|\n(?=[ ]))*)"
    found = [
        each for block in re.findall(ours, text, re.M) for each in re.findall(entry, block, re.M)
    ]
    return "\n".join(f"{name}\n{description}" for name, description in found)


def _plugins(*, ours: bool = True) -> list[str]:
    points = entry_points(group="pytest11")
    return [point.name for point in points if point.module.startswith("clinigate.") is ours]


def _pytest(*arguments: str) -> str:
    """Return what pytest prints in an empty folder, with no other plugins than ours."""
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    environment |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    others = [f"-pno:{name}" for name in ("cacheprovider", *_plugins(ours=False))]
    command = [sys.executable, "-m", "pytest", *others, *arguments]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    # `--fixtures` in an empty folder ends as "no tests collected".
    assert done.returncode in (0, 5), done.stdout + done.stderr
    return done.stdout


def _fenced(text: str) -> str:
    body = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    return f"```text\n{body}\n```"
