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
    assert [line.partition(":")[0] for line in lines] == ["verify", "sign", "pdf"]
    for line in lines:
        program, name, *words = shlex.split(line.partition(":")[2])
        assert program == "clinigate"
        assert isinstance(app, click.Group)
        command = app.get_command(click.Context(app), name)
        assert command is not None
        assert "runs/a b" in str(command.make_context(name, words).params)
