"""What options name: values by name, digests of a build, bundles by the job behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from clinigate.cli.places import bundle_path
from clinigate.config.digests import DIGESTS_VARIABLE, digest_words, read_digests
from clinigate.config.loader import LoadedConfig
from clinigate.errors import UsageError

__all__ = ["digests_option", "named_bundles", "naming_digests", "pairs"]

_OPTION = "--digest"

digests_option = click.option(
    _OPTION,
    "digests",
    multiple=True,
    metavar="NAME=DIGEST",
    help="What is evaluated, as image=sha256:…, beside [subject] digests; may be repeated.",
)


def naming_digests(
    loaded: LoadedConfig, given: Sequence[str]
) -> tuple[LoadedConfig, Mapping[str, str]]:
    """Return the configuration with `--digest` added, and the variables that tell it to children.

    Raises:
        UsageError: one is no digest, or given twice.
        ConfigError: the configuration names another one.
    """
    digests = read_digests(given, option=_OPTION)
    if not digests:
        return loaded, {}
    named = loaded.naming(digests, option=_OPTION)
    return named, {DIGESTS_VARIABLE: digest_words(named.config.subject.digests)}


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return values by name, from texts of the form `NAME=VALUE`.

    Raises:
        UsageError: a text is of another form, or a name is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{option}: got {text!r}, wanted NAME=VALUE")
        if name in found:
            raise UsageError(f"{option} {name}: is given twice; give it once")
        found[name] = value
    return found


def named_bundles(loaded: LoadedConfig, bundles: Sequence[str]) -> list[tuple[str, Path]]:
    """Return each bundle with the name of its job; evidence given twice would count twice.

    Raises:
        UsageError: two have one name, or are one bundle; a path leads to none.
    """
    named: dict[str, Path] = {}
    for text in bundles:
        name, place = _named(text)
        path = bundle_path(loaded, place)
        if name in named:
            raise UsageError(
                f"two bundles are named {name!r}; name each by its job, as {name}=PATH"
            )
        if any(path.samefile(other) for other in named.values()):
            raise UsageError(f"{path}: this bundle is given twice; give each once")
        named[name] = path
    return list(named.items())


def _named(text: str) -> tuple[str, str]:
    """`NAME=PATH` names the job that made a bundle; a bare one is named by its file."""
    name, equals, place = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).stem, text
    if not name or not place:
        raise UsageError(f"got the bundle {text!r}, wanted NAME=PATH")
    return name, place
