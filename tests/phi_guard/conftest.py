"""A project of code under test and tests, run under the guard in this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clinigate.pytest_plugins import phi, phi_guard, phi_guard_setup, session

#: Loaded before: pytester forgets after each run what was first imported in it.
LOADED = (phi, phi_guard, phi_guard_setup, session)

#: In two parts, so that no source that a failure shows holds it.
VALUE = "219-53-" + "8841"
HEAD = "SSN = '219-53-' + '8841'\n"


#: Before pytester takes the home away: what the search compiles is compiled once for all.
CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


class Project:
    """The code under test in `app.py`, its tests in `test_it.py`."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.folder: Path = pytester.path
        self._pytester = pytester

    def run(self, app: str, tests: str, *options: str) -> Ran:
        self._pytester.makepyfile(app=app, test_it=f"import app\n{HEAD}{tests}")
        self._pytester.syspathinsert()
        blocked = ("locust", "schemathesis", "hypothesispytest", "cacheprovider", "xdist", "anyio")
        off = [word for name in blocked for word in ("-p", f"no:{name}")]
        done = self._pytester.runpytest_inprocess(*off, "--phi-guard", "-rA", *options)
        return Ran(done, "\n".join([*done.outlines, *done.errlines]))


class Ran:
    """What came of it."""

    def __init__(self, result: pytest.RunResult, out: str) -> None:
        self.result, self.out = result, out

    def expect(self, *said: str, leaked: int = 1) -> None:
        assert VALUE not in self.out
        for each in said:
            assert each in self.out, self.out
        assert f" {leaked} leaked" in self.out, self.out
        assert self.result.ret == pytest.ExitCode.TESTS_FAILED

    def expect_none(self) -> None:
        assert "none leaked" in self.out, self.out
        assert self.result.ret == pytest.ExitCode.OK


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    pytester.makeini("[pytest]\n")
    return Project(pytester)


@pytest.fixture(scope="session")
def value() -> str:
    """What leaks."""
    return VALUE
