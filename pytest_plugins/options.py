"""Options of all our plugins: one group, added late, and never in another plugin's way.

The names that users were promised are short (`--profile`), and somebody else may own one of them.
So ours are added after every plugin and every initial `conftest.py` has added its own: whoever has
a name keeps it, and ours is then called `--clinigate-NAME`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "GROUP",
    "Option",
    "add_options",
    "disregard_values",
    "flag_of",
    "given",
    "skip_unselected",
    "value",
]

GROUP = "clinigate"
_PREFIX = "clinigate-"
_KNOWN = pytest.StashKey[list["Option"]]()


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: without dashes, as `min-accuracy`. help: for `pytest --help`.
        how: what argparse is told beyond it; left out, the option is a switch.
        evaluates: whether giving it says that the session is meant to be an evaluation, which
            then has one run, and does not end well without having assessed something.
        prepares: whether giving it makes the session ready to be one, which takes a second.
    """

    name: str
    help: str
    how: Mapping[str, Any] | None = None
    evaluates: bool = True
    prepares: bool = True

    @property
    def destination(self) -> str:
        """Attribute of the parsed options; no other plugin's can be the same."""
        return destination(self.name)


def destination(name: str) -> str:
    """Return the attribute under which an option's value is kept."""
    return f"clinigate_{name.removeprefix(_PREFIX).replace('-', '_')}"


def add_options(config: pytest.Config, parser: pytest.Parser, options: Iterable[Option]) -> None:
    """Add options, under their short names where those are free."""
    group = parser.getgroup(GROUP, "Clinigate: clinical-grade evaluation with signed evidence")
    taken = _taken(parser)
    known = config.stash.setdefault(_KNOWN, [])
    for option in options:
        name = option.name
        if f"--{name}" in taken:
            name = _PREFIX + name
        how = {"action": "store_true"} if option.how is None else option.how
        group.addoption(f"--{name}", dest=option.destination, help=option.help, **how)
        known.append(option)


def disregard_values(config: pytest.Config, args: list[str], options: Iterable[Option]) -> None:
    """Take the values of options that are yet to come out of what pytest believes to be paths.

    Before the initial `conftest.py` files are loaded pytest looks at the arguments without knowing
    our options: in `--profile pr` it sees a path `pr`, and would then not look into `testpaths`.
    """
    named = {f"--{option.name}" for option in options if option.how is not None}
    paths: list[str] = config.known_args_namespace.file_or_dir
    folder = config.invocation_params.dir
    for option, argument in pairwise(args):
        if option in named and argument in paths and not Path(folder, argument).exists():
            paths.remove(argument)


def value(config: pytest.Config, name: str) -> Any:
    """Return an option's value, None where its plugin is not active or it was not given."""
    return config.getoption(destination(name), None)


def given(config: pytest.Config, *, evaluating: bool = False) -> bool:
    """Tell whether any option was given that prepares an evaluation, or that means one."""
    options = config.stash.get(_KNOWN, [])
    values = [
        config.getoption(option.destination, None)
        for option in options
        if (option.evaluates if evaluating else option.prepares)
    ]
    return any(each is not None and each is not False for each in values)


def _taken(parser: pytest.Parser) -> set[str]:
    # pytest tells nobody which options there are, and its own error comes too late to choose
    # another name: in some versions when it parses, in others after half of an option was added.
    groups = [*parser._groups, parser._anonymous]
    return {name for group in groups for each in group.options for name in each.names()}


def flag_of(item: pytest.Item, marker: str, selectors: Iterable[str]) -> str | None:
    """Return the option that a test's marker names, without dashes; None where it names none.

    Raises:
        pytest.UsageError: it is none of ours, so that nobody could ever select the test.
    """
    found = item.get_closest_marker(marker)
    flag = found.kwargs.get("flag") if found else None
    if flag is None:
        return None
    name = str(flag).removeprefix("--")
    if name not in selectors:
        known = ", ".join(f"--{each}" for each in selectors)
        raise pytest.UsageError(
            f"clinigate: {item.nodeid}: no option {flag!r} selects tests; known are {known}"
        )
    return name


def skip_unselected(
    config: pytest.Config, items: Iterable[pytest.Item], marker: str, selectors: Mapping[str, str]
) -> None:
    """Skip the tests of a marker that were not selected while others of it were."""
    chosen = [name for name in selectors if value(config, name)]
    for item in items:
        flag = flag_of(item, marker, selectors)
        if flag is not None and chosen and flag not in chosen:
            reason = f"NOT_ASSESSED: not selected; add --{flag}"
            item.add_marker(pytest.mark.skip(reason=reason))
