"""The error tree is what its docstring draws."""

from __future__ import annotations

import inspect
import re

from clinigate import errors
from clinigate.cli.exits import ExitCode, code_for


def test_the_docstring_draws_every_error_under_its_parent() -> None:
    drawn = re.findall(r"^ *([│ ├└─]*)(\w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    parents: list[tuple[int, str]] = []
    seen = {}
    for lead, name in drawn:
        if name not in errors.__all__:
            continue
        while parents and parents[-1][0] >= len(lead):
            parents.pop()
        seen[name] = parents[-1][1] if parents else "Exception"
        parents.append((len(lead), name))
    assert seen == {name: getattr(errors, name).__bases__[0].__name__ for name in errors.__all__}


def test_every_error_has_an_exit_code_other_than_ok() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind("x", "demo") if kind is errors.MissingExtraError else kind("x")
        assert code_for(error) is not ExitCode.OK
