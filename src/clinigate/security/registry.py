"""Every scanner there is. A new one is a file in `security/scanners` and a name here."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module

from clinigate.errors import UsageError
from clinigate.security.scanner import Scanner

__all__ = ["all_scanners", "scanners_named"]

#: Modules of `clinigate.security.scanners` that hold a `SCANNER`.
MODULES = ("bandit", "dependencies", "checkov", "trivy", "dast")


def all_scanners() -> tuple[Scanner, ...]:
    """Return all scanners; their modules load nothing heavy."""
    modules = (import_module(f"clinigate.security.scanners.{name}") for name in MODULES)
    return tuple(module.SCANNER for module in modules)


def scanners_named(names: Iterable[str]) -> tuple[Scanner, ...]:
    """Return the scanners of these ids, each once, in the order of the registry.

    Raises:
        UsageError: there is none of that id.
    """
    known = {scanner.id: scanner for scanner in all_scanners()}
    wanted = list(names)
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"no scanner is called {name!r}; {hint}")
    return tuple(scanner for name, scanner in known.items() if name in wanted)
