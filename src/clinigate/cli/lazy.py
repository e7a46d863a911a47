"""A group of commands that load when they are called, so that `--help` stays quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """Lists a table of commands, beside those that are there already; imports what is called."""

    def __init__(
        self, *args: Any, table: Mapping[str, tuple[str, str]] | None = None, **more: Any
    ) -> None:
        """Take the table: command name: the module that holds it as `command`, and its line."""
        super().__init__(*args, **more)
        self._table = table or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, those that are there already first."""
        return [*super().list_commands(ctx), *self._table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loading it; None where there is none of the name."""
        if cmd_name not in self._table:
            return super().get_command(ctx, cmd_name)
        command = importlib.import_module(self._table[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse a name that is none with the nearest one."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise click.UsageError(f"no such command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the table without loading anything of it."""
        there = [(name, each.get_short_help_str(80)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*there, *((name, line) for name, (_, line) in self._table.items())])
