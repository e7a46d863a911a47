"""Inputs that are other ones than at a revision, by what git says of the files."""

from __future__ import annotations

import os
import posixpath
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.config.loader import CONFIG_NAME, LoadedConfig
from clinigate.config.model import Config
from clinigate.config.validation import validate
from clinigate.errors import ConfigError
from clinigate.evidence.inputs import files_below, fits
from clinigate.evidence.revisions import Difference, at_revision, difference
from clinigate.pipeline.impact import InputChange, changes
from clinigate.pipeline.inputs import SUBJECT, config_inputs, named_inputs

__all__ = ["Revised", "revised_inputs"]

_PROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Revised:
    """What changed since a revision.

    Attributes:
        commit: the revision's. changes: inputs that are other ones. names: of all inputs.
        other_build: whether the configuration names another build.
        notes: what git cannot tell.
    """

    commit: str
    changes: tuple[InputChange, ...]
    names: tuple[str, ...]
    other_build: bool
    notes: tuple[str, ...]


def revised_inputs(config: LoadedConfig, revision: str) -> Revised:
    """Compare with a revision of the repository around the configuration.

    Raises:
        UsageError: no repository, or no such revision.
    """
    found = difference(config.base_dir, revision)
    now = _file_alone(config, None)
    then = _file_alone(config, found.commit)
    before, after = named_inputs(then), named_inputs(now)
    named = changes(before, after)
    tables = changes(config_inputs(then), config_inputs(now))
    changed = [*_trees(config, found), *named, *tables, *_policy_and_packs(then, now, found)]
    names = {*now.config.inputs, *after, *config_inputs(now), "policy", "packs"}
    return Revised(
        commit=found.commit,
        changes=tuple(changed),
        names=tuple(sorted({*names, *(each.name for each in changed)})),
        other_build=any(
            SUBJECT in (each.kind for each in (before.get(c.name), after.get(c.name)) if each)
            for c in named
        ),
        notes=tuple(_notes(config, now)),
    )


def _trees(config: LoadedConfig, found: Difference) -> Iterator[InputChange]:
    for name, table in sorted(config.config.inputs.items()):
        if table.paths:
            gone = [each for each in found.changed if fits(each, table.paths)]
            yield from _changed(config, name, gone, table.paths, found)


def _policy_and_packs(
    then: LoadedConfig, now: LoadedConfig, found: Difference
) -> Iterator[InputChange]:
    before, after = then.config, now.config
    policy = after.gate.policy
    if (before.gate.policy, before.gate.environment) != (policy, after.gate.environment):
        yield InputChange("policy", "changed", (f"{policy} changed",))
    else:
        yield from _named_files(now, "policy", [policy], found)
    paths = [
        name for names in after.packs.model_dump(exclude={"reviews"}).values() for name in names
    ]
    if before.packs != after.packs:
        yield InputChange("packs", "changed", ())
    else:
        yield from _named_files(now, "packs", paths, found)


def _named_files(
    config: LoadedConfig, name: str, paths: list[str], found: Difference
) -> Iterator[InputChange]:
    """What became of files that may be named by any path; what is no file is one of ours."""
    plain = [posixpath.normpath(each) for each in paths]
    outside = [each for each in plain if each.startswith(("../", "/")) or each == ".."]
    inside = [each for each in plain if each not in outside]
    gone = [each for each in found.changed if fits(each, inside)]
    yield from _changed(config, name, gone, inside, found, outside=outside)


def _changed(
    config: LoadedConfig,
    name: str,
    gone: list[str],
    paths: list[str],
    found: Difference,
    *,
    outside: Sequence[str] = (),
) -> Iterator[InputChange]:
    """One input's change, if there is any; files that git cannot speak for are one."""
    changed, unknown = set(gone), {f"{each} lies outside of this folder" for each in outside}
    true_base = os.path.realpath(config.base_dir)
    for each in files_below(config.base_dir, paths):
        # A link that git knows may lead to what it does not know.
        path = config.base_dir / each
        real = os.path.relpath(os.path.realpath(path), true_base) if path.is_file() else each
        if each in found.changed or real in found.changed:
            changed.add(each)
        elif real.startswith("../"):
            unknown.add(f"{each} leads out of this folder")
        elif real not in found.known:
            unknown.add(f"{each} is ignored by git")
    if changed:
        yield InputChange(name, "changed", tuple(f"{each} changed" for each in sorted(changed)))
    elif unknown:
        yield InputChange(name, "unknown", tuple(sorted(unknown)))


def _file_alone(config: LoadedConfig, commit: str | None) -> LoadedConfig:
    """The configuration as its file says, now or at a commit: without the environment's digests.

    One that is missing, or that this version does not understand, is as if it said nothing: all
    that is named now is new then.
    """
    name = CONFIG_NAME if (config.base_dir / CONFIG_NAME).is_file() else _PROJECT
    data = _read(config.base_dir / name) if commit is None else None
    if commit is not None:
        data = at_revision(config.base_dir, commit, name)
    return LoadedConfig(_parsed(data, name), config.base_dir, config.source)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _parsed(data: bytes | None, name: str) -> Config:
    if data is None:
        return Config()
    try:
        tables = tomllib.loads(data.decode("utf-8"))
        if name == _PROJECT:
            tables = tables.get("tool", {}).get("clinigate", {})
        return validate(Config, tables, file=name, error=ConfigError)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ConfigError):
        return Config()


def _notes(config: LoadedConfig, now: LoadedConfig) -> Iterator[str]:
    elsewhere = sorted(config.config.subject.digests.keys() - now.config.subject.digests.keys())
    if elsewhere:
        yield (
            f"{', '.join(elsewhere)}: named where the pipeline runs, so that git knows nothing of "
            "it; compare with a run for that"
        )
    yield "the version of Clinigate is not compared: git does not know it"
