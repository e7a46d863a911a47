"""Under `--phi-guard` a test that leaks fails, with stream and rule, and shows no value."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_file import canary_bytes
from clinigate.pytest_plugins import phi, phi_guard, session, setup

pytest_plugins = ["pytester"]

#: Loaded before: pytester forgets after each run what was first imported in it.
LOADED = (phi, phi_guard, session, setup)

#: Written so that the sources of the inner tests, which a failure shows, hold it in two parts.
HEAD = "import logging, sys, pytest\nSSN = '219-53-' + '8841'\n"
VALUE = "219-53-" + "8841"


@pytest.fixture
def guarded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    """A project whose tests run under the guard."""
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return Guarded(pytester)


class Guarded:
    """Runs tests in this process, with our plugins and no others that matter."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.folder: Path = pytester.path
        self._pytester = pytester
        known = {point.name for point in entry_points(group="pytest11")}
        own = [] if "clinigate_phi" in known else ["-p", "clinigate.pytest_plugins.phi"]
        blocked = ("locust", "schemathesis", "hypothesispytest", "cacheprovider")
        self._options = [*own, *(word for name in blocked for word in ("-p", f"no:{name}"))]

    def run(self, body: str, *options: str, guard: bool = True) -> Ran:
        self._pytester.makepyfile(test_it=HEAD + body)
        chosen = ["--phi-guard"] if guard else []
        junit = self.folder / "junit.xml"
        result = self._pytester.runpytest_inprocess(
            *self._options, *chosen, f"--junitxml={junit}", "-rA", *options
        )
        written = junit.read_text(encoding="utf-8") if junit.exists() else ""
        return Ran(result, "\n".join([*result.outlines, *result.errlines]), written)


class Ran:
    """What came of it."""

    def __init__(self, result: pytest.RunResult, out: str, junit: str) -> None:
        self.result, self.out, self.junit = result, out, junit

    def expect_leak(self, said: str) -> None:
        assert said in self.out, self.out
        assert VALUE not in self.out
        assert VALUE not in self.junit
        assert self.result.ret == pytest.ExitCode.TESTS_FAILED


LEAKING = """
def test_stdout():
    print('ssn', SSN)

def test_stderr():
    print(SSN, file=sys.stderr)

def test_log():
    logging.getLogger('a').error('ssn %s', SSN)

def test_log_of_an_exception():
    try:
        raise ValueError(SSN)
    except ValueError:
        logging.getLogger('a').exception('no')

def test_log_that_nobody_handles():
    own = logging.getLogger('own')
    own.propagate = False
    own.addHandler(logging.NullHandler())
    own.warning(SSN)

def test_error():
    raise ValueError(SSN)

def test_assertion():
    assert SSN == ''

def test_skip():
    pytest.skip(SSN)

@pytest.mark.xfail
def test_expected_failure():
    raise ValueError(SSN)

@pytest.fixture
def before():
    print(SSN)

def test_setup(before):
    pass

@pytest.fixture
def after():
    yield
    print(SSN)

def test_teardown(after):
    pass
"""

#: Which phase and stream each of them is to be named with.
WAYS = {
    "stdout": "call: stdout",
    "stderr": "call: stderr",
    "log": "call: log",
    "log_of_an_exception": "call: log",
    "log_that_nobody_handles": "call: log",
    "error": "call: error",
    "assertion": "call: error",
    "skip": "call: error",
    "expected_failure": "call: error",
    "setup": "setup: stdout",
    "teardown": "teardown: stdout",
}


def test_each_leak_fails_its_test_and_none_is_shown(guarded: Guarded) -> None:
    ran = guarded.run(LEAKING)
    ran.expect_leak(f"phi guard: {len(WAYS)} tests watched, {len(WAYS)} leaked")
    for way, where in WAYS.items():
        said = f"phi guard: test_it.py::test_{way} leaked in its {where}: CG-PHI-SSN (letter G) "
        assert said in ran.out, way
    ran.result.assert_outcomes(failed=9, errors=2, passed=1)


def test_warnings_and_properties_are_looked_at_too(guarded: Guarded) -> None:
    body = (
        "import warnings\n"
        "def test_warning():\n"
        "    warnings.simplefilter('default')\n"
        "    warnings.warn('ssn ' + SSN)\n\n"
        "def test_property(record_property):\n    record_property('note', 'ssn ' + SSN)\n\n"
        "def test_other():\n    warnings.simplefilter('default')\n    warnings.warn('old')\n"
    )
    ran = guarded.run(body, "-o", "junit_family=legacy")
    ran.expect_leak("phi guard: 3 tests watched, 2 leaked")
    assert "test_warning leaked in its call: warning: CG-PHI-SSN (letter G) once" in ran.out
    assert "test_property leaked in its call: property: CG-PHI-SSN (letter G) once" in ran.out
    assert "UserWarning: old" in ran.out
    assert "[CG-PHI-SSN]" in ran.junit


@pytest.mark.parametrize("options", [(), ("--collect-only", "-q"), ("-n", "1")])
def test_an_id_that_leaks_is_shown_nowhere(guarded: Guarded, options: tuple[str, ...]) -> None:
    body = "@pytest.mark.parametrize('a', ['ssn ' + SSN])\ndef test_a(a):\n    pass\n"
    ran = guarded.run(body, *options)
    assert ran.result.ret != pytest.ExitCode.OK
    assert VALUE not in ran.out + ran.junit
    assert "an id of test_it.py::test_a holds CG-PHI-SSN (letter G) once" in ran.out


@pytest.mark.parametrize("style", ["no", "native"])
def test_no_style_of_traceback_shows_it(guarded: Guarded, style: str) -> None:
    body = "def test_a():\n    local = SSN\n    raise ValueError(local)\n"
    guarded.run(body, f"--tb={style}", "-l").expect_leak("leaked in its call")


def test_a_test_that_says_nothing_of_anybody_passes(guarded: Guarded) -> None:
    body = "def test_a():\n    print('call 212-555-0123, mail a@example.com')\n"
    ran = guarded.run(body)
    ran.result.assert_outcomes(passed=1)
    assert "phi guard: 1 tests watched, none leaked" in ran.out


def test_without_the_option_nothing_is_watched(guarded: Guarded) -> None:
    ran = guarded.run("def test_a():\n    print(SSN)\n", guard=False)
    ran.result.assert_outcomes(passed=1)
    assert "phi guard" not in ran.out


def test_other_tests_and_other_failures_stay_as_they_are(guarded: Guarded) -> None:
    body = (
        "def test_a():\n    print(SSN)\n\ndef test_b():\n    assert 1 == 2\n\ndef test_c(): pass\n"
    )
    ran = guarded.run(body)
    ran.result.assert_outcomes(failed=2, passed=1)
    assert "assert 1 == 2" in ran.out
    ran.expect_leak("phi guard: 3 tests watched, 1 leaked")


def test_a_marker_accepts_one_rule_until_a_day(guarded: Guarded) -> None:
    body = (
        "@pytest.mark.phi_accept('CG-PHI-SSN', until='{}', reason='planted')\n"
        "def test_a():\n    print(SSN)\n"
    )
    guarded.run(body.format("2020-01-31")).expect_leak("CG-PHI-SSN")
    from datetime import UTC, datetime, timedelta

    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    guarded.run(body.format(day)).result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "marker",
    [
        "phi_accept('CG-PHI-SSN')",
        "phi_accept('CG-PHI-SSN', until='2027-01-31')",
        "phi_accept('CG-PHI-SSN', until='soon', reason='x')",
        "phi_accept('CG-PHI-SSN', until='2999-01-31', reason='x')",
    ],
)
def test_a_marker_that_cannot_be_meant_ends_the_session(guarded: Guarded, marker: str) -> None:
    ran = guarded.run(f"@pytest.mark.{marker}\ndef test_a():\n    pass\n")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "phi_accept" in ran.out


def test_uncaptured_output_cannot_be_watched(guarded: Guarded) -> None:
    ran = guarded.run("def test_a():\n    pass\n", "-s")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "leave out -s" in ran.out


def test_canaries_of_the_configuration_are_watched_for(guarded: Guarded) -> None:
    (guarded.folder / "canaries.json").write_bytes(canary_bytes(7, 1))
    (guarded.folder / "clinigate.toml").write_text(
        '[phi]\ncanaries = "canaries.json"\n', encoding="utf-8"
    )
    name = make_patients(7, 1)[0].values["family_name"]
    body = f"import base64\nNAME = {name[::-1]!r}[::-1]\n\ndef test_a():\n    "
    ran = guarded.run(body + "print(base64.b64encode(NAME.encode()).decode())\n")
    assert "leaked in its call: stdout: CG-PHI-CANARY once" in ran.out
    assert name not in ran.out


def test_a_missing_canary_file_ends_the_session(guarded: Guarded) -> None:
    (guarded.folder / "clinigate.toml").write_text('[phi]\ncanaries = "no.json"\n')
    ran = guarded.run("def test_a():\n    pass\n")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no such canary file" in ran.out


def test_workers_are_watched_as_well(guarded: Guarded) -> None:
    ran = guarded.run("def test_a():\n    print(SSN)\n\ndef test_b(): pass\n", "-n", "1")
    ran.expect_leak("phi guard: 2 tests watched, 1 leaked")
