"""`clinigate phi staged`: what a commit would hold, for hooks."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option

__all__ = ["command"]


@click.command("staged")
@config_option
def command(config: Path | None) -> int:
    """Search what is staged for a commit, whatever the working tree holds; leaves no run behind.

    As `phi scan`, with its thresholds, comments, baseline and waivers. For a hook of git's own:
    `exec clinigate phi staged` in .git/hooks/pre-commit.
    Exit codes: 0 clean, or nothing is staged; 1 something was found; 2 incomplete; 4 usage.
    """
    from clinigate.cli.phi_shown import show_scan
    from clinigate.config.loader import load_config
    from clinigate.phi.runtime.staged import scan_staged
    from clinigate.phi.setup import options_from

    loaded = load_config(config)
    options = options_from(loaded, paths=[loaded.base_dir])
    done = scan_staged(options)
    show_scan(done, options.policy)
    if done.counted:
        return ExitCode.NOT_PASSED
    return ExitCode.OK if done.missing is None and done.counts.complete else ExitCode.UNFINISHED
