"""A user is told what comes after a run: commands that exist, with options that they know."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from clinigate.cli.app import app
from clinigate.cli.next_steps import next_steps


@pytest.mark.parametrize("trust", [None, Path("a folder/trust.toml")])
def test_each_step_is_a_command_that_reads_its_words(trust: Path | None) -> None:
    lines = next_steps(Path("runs/a b"), trust).splitlines()
    key = [] if trust is None else ["key"]
    assert [line.partition(":")[0] for line in lines] == ["verify", *key, "sign", "pdf"]
    for line in lines:
        program, *words = shlex.split(line.partition(":")[2])
        assert program == "clinigate"
        command: click.Command | None = app
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None
        read = str(command.make_context("step", words).params)
        assert "runs/a b" in read or line.startswith("key:")
        assert trust is None or "a folder/trust.toml" in read
