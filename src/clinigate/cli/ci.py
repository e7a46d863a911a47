"""`clinigate ci`: the pipeline for the runner that a team has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clinigate.ci.options import Options
from clinigate.ci.pipeline import ROLLOUT, pipeline
from clinigate.ci.render import PLACES, PLATFORMS, render, render_rollout
from clinigate.cli.options import config_option
from clinigate.config.loader import load_config
from clinigate.config.model import Config
from clinigate.errors import UsageError

__all__ = ["command"]

#: Stages that need no service (`uses` of a [[stage]]).
_STATIC = ("security", "platform", "phi", "quality")


@click.command("ci")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.option("--write", is_flag=True,
              help="Write it to its place, and the script that moves traffic.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(),
              help="With --write: the repository's folder (default: here).")  # fmt: skip
@click.option("--force", is_flag=True, help="With --write: overwrite files that exist.")
@click.option("--package", metavar="REQUIREMENT", help="What pip installs.")
@click.option("--python", metavar="3.N", help="Version of Python.")
@click.option("--branch", help="Whose pushes are deployed.")
@click.option("--policy", help="By which they are judged (default: [gate] policy).")
@click.option("--environment", type=click.Choice(["staging", "production"]),
              help="Where they go.")  # fmt: skip
@click.option("--gpu-runner", metavar="LABEL",
              help="Runners with a GPU; without any, the GPU's criteria are left out.")  # fmt: skip
@click.option("--image", metavar="NAME", help="Container with Python, git and kubectl.")
@click.option("--app", metavar="NAME", help="The deployed service.")
@click.option("--namespace", metavar="NAME", help="Its namespace.")
@config_option
def command(
    platform: str, write: bool, out: Path, force: bool, config: Path | None, **chosen: Any
) -> None:
    """Write the pipeline: static checks, tests, the gate, and a deployment that can be taken back.

    Printed by default. What a fork's pull request brings is run without any key, and not on the
    runners with a GPU: it is an unsigned sample, judged by the policy `fork`.
    """
    loaded = load_config(config).config
    given = {name: value for name, value in chosen.items() if value is not None}
    configured = {"policy": loaded.gate.policy, **_stages(loaded)}
    built = pipeline(Options(**{**configured, **given}))
    if not write:
        click.echo(render(built, platform), nl=False)
        return
    _write(
        {
            out / PLACES[platform]: (render(built, platform), False),
            out / ROLLOUT: (render_rollout(built), True),
        },
        force=force,
    )


def _stages(config: Config) -> dict[str, tuple[str, ...]]:
    """Which of the team's stages look at files alone; one belongs to the job of what it needs."""
    known = {each.name: each for each in config.stage}

    def is_static(name: str, after: tuple[str, ...] = ()) -> bool:
        stage = known.get(name)
        if stage is None or stage.uses not in _STATIC or name in after:
            return False
        return all(is_static(each, (*after, name)) for each in stage.needs)

    static = tuple(name for name in known if is_static(name))
    return {"static": static, "tests": tuple(name for name in known if name not in static)}


def _write(wanted: dict[Path, tuple[str, bool]], *, force: bool) -> None:
    """Write texts, the second of a pair says whether it is a program; all of them or none."""
    standing = [str(path) for path in wanted if path.exists()]
    if standing and not force:
        raise UsageError(
            f"{', '.join(standing)} exist(s) already; nothing was written; use --force to overwrite"
        )
    for path, (text, program) in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if program:
            path.chmod(0o755)
        click.echo(f"wrote {path}")
