"""`clinigate init`: what a team needs to evaluate its own service."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from clinigate.errors import UsageError

__all__ = ["command"]

#: Written file: the package and resource that it is a copy of.
FILES = {
    "clinigate.toml": ("clinigate.cli", "templates/clinigate.toml"),
    "tests/clinical/test_clinical_grade.py": (
        "clinigate.suites",
        "clinical/test_clinical_grade.py",
    ),
    "tests/therapeutic/test_therapeutic_quality.py": (
        "clinigate.suites",
        "therapeutic/test_therapeutic_quality.py",
    ),
    "tests/hipaa/test_hipaa_compliance.py": (
        "clinigate.suites",
        "hipaa/test_hipaa_compliance.py",
    ),
    "tests/hipaa/test_hipaa_safeguards.py": (
        "clinigate.suites",
        "hipaa/test_hipaa_safeguards.py",
    ),
    # What pipelines call by these names.
    "benchmark/ai_performance.py": ("clinigate.cli", "templates/ai_performance.py"),
    "benchmark/database_performance.py": ("clinigate.cli", "templates/database_performance.py"),
    "scripts/production_validation.py": ("clinigate.cli", "templates/production_validation.py"),
}

#: Evidence is kept where it is retained; keys are kept nowhere near the repository.
IGNORED = (".clinigate/", "keys/")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def command(folder: Path, force: bool) -> None:
    """Write clinigate.toml, the tests and the scripts of pipelines into FOLDER (default: here)."""
    wanted = {folder / name: _resource(*source) for name, source in FILES.items()}
    standing = [path for path in wanted if path.exists()]
    if standing and not force:
        raise UsageError(
            f"{', '.join(map(str, standing))} exist(s) already; "
            "nothing was written; use --force to overwrite"
        )
    for path, source in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())
        click.echo(f"wrote {path}")
    if _ignore(folder / ".gitignore"):
        click.echo(f"added {', '.join(IGNORED)} to {folder / '.gitignore'}")
    click.echo("next: describe your service in clinigate.toml, make a key with")
    click.echo("`clinigate keys generate --trust trust.toml`, then run `clinigate doctor`;")
    click.echo("`clinigate sign` is for the officer who answers for a run;")
    click.echo("`clinigate ci github` (or gitlab, jenkins, tekton) writes your pipeline")


def _resource(package: str, name: str) -> Traversable:
    return files(package).joinpath(*name.split("/"))


def _ignore(path: Path) -> bool:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in IGNORED if line not in lines]
    if missing:
        path.write_text("\n".join([*lines, *missing]) + "\n", encoding="utf-8")
    return bool(missing)
