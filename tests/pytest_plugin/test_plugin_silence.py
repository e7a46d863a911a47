"""Who does not use the plugin does not notice it, and nobody's option is taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

LOADED = """\
import sys


def test_what_is_loaded():
    ours = {name for name in sys.modules if name.startswith("clinigate")}
    assert ours <= {
        "clinigate",
        "clinigate.pytest_plugins",
        "clinigate.pytest_plugins.clinical",
        "clinigate.pytest_plugins.hipaa",
        "clinigate.pytest_plugins.options",
        "clinigate.pytest_plugins.phi",
        "clinigate.pytest_plugins.session",
        "clinigate.pytest_plugins.workers",
    }, ours
    heavy = {"numpy", "pydantic", "httpx", "cryptography", "jinja2", "yaml", "rich", "click"}
    assert not heavy & set(sys.modules)
"""


@pytest.fixture
def unrelated(project: Any) -> Any:
    """A project that has nothing to do with Clinigate."""
    for name in ("clinigate.toml", "policy.toml", "conftest.py"):
        Path(project.folder, name).unlink()
    project.write("test_unrelated.py", LOADED)
    return project


def traces(project: Any) -> list[str]:
    return sorted(path.name for path in project.folder.iterdir() if "clinigate" in path.name)


def without_times(text: str) -> list[str]:
    lines = (line for line in text.splitlines() if not line.startswith("plugins:"))
    return [line for line in lines if "passed" not in line and line.strip()]


@pytest.mark.parametrize("options", [[], ["-n", "2"], ["-p", "no:xdist"]], ids=str)
def test_an_unrelated_session_is_untouched(unrelated: Any, options: list[str]) -> None:
    """No heavy module, no line of output, no file; with pytest-xdist, and without its hooks."""
    outcome = unrelated.run(*options, "-v")
    assert (outcome.code, outcome.verdict("test_what_is_loaded")) == (0, "passed"), outcome.out
    assert traces(unrelated) == []
    said = [line for line in outcome.out.splitlines() if "clinigate" in line.lower()]
    assert all(line.startswith(("plugins:", "rootdir:")) for line in said), said


def test_the_output_is_the_same_without_us(unrelated: Any) -> None:
    """Line by line, apart from pytest's list of plugins and the time taken."""
    ours = unrelated.run()
    names = ("clinigate", "clinigate_clinical", "clinigate_hipaa", "clinigate_phi")
    theirs = unrelated.run(*(word for name in names for word in ("-p", f"no:{name}")))
    assert without_times(ours.out) == without_times(theirs.out)


def test_a_broken_configuration_disturbs_nobody_who_does_not_use_it(unrelated: Any) -> None:
    """clinigate.toml is read when somebody evaluates, not before."""
    unrelated.write("clinigate.toml", "[subject\n")
    assert unrelated.run().code == 0


TAKER = """\
def pytest_addoption(parser):
    parser.addoption("--profile", action="store_true", dest="profile")
    parser.getgroup("taker").addoption("--max-bias", dest="their_bias")
"""
READER = """\
def test_options(pytestconfig):
    assert pytestconfig.getoption("profile") is True
    assert pytestconfig.getoption("their_bias") == "2"
"""


@pytest.mark.parametrize("how", ["plugin before us", "conftest", "plugin after us"])
def test_a_name_that_somebody_has_stays_theirs(project: Any, how: str) -> None:
    """Whoever comes, first or last, keeps the name; ours then begins with --clinigate-."""
    project.tests(good="T-REQUIRED-PASS-001")
    project.write("test_theirs.py", READER)
    options = [
        "--profile",
        "--max-bias=2",
        "--clinigate-profile=pr",
        "--clinigate-max-bias",
        "0.01",
    ]
    variables = {}
    if how == "conftest":
        project.write("conftest.py", TAKER + (project.folder / "conftest.py").read_text())
    else:
        project.write("taker.py", TAKER)
        variables = {"PYTHONPATH": str(project.folder)}
        if how == "plugin before us":
            options += ["-p", "taker"]
        else:
            variables["PYTEST_PLUGINS"] = "taker"
    outcome = project.run(*options, **variables)
    assert outcome.code == 0, outcome.out
    assert "SAMPLE" in outcome.out
    helped = project.run("--help", *options, **variables).out
    assert "--clinigate-profile=full|pr" in helped
    assert "--clinigate-max-bias=X" in helped
    assert "--max-eo=X" in helped


def test_values_after_a_space_are_no_paths(project: Any) -> None:
    """`testpaths` and the options of its conftest.py stand, whatever value one of ours has."""
    taking = "def pytest_addoption(parser):\n    parser.addoption('--theirs', default='no')\n"
    project.write("tests/conftest.py", taking)
    test = "def test_it(pytestconfig):\n    assert pytestconfig.getoption('theirs') == 'yes'\n"
    project.write("tests/test_it.py", test)
    project.write("pytest.ini", "[pytest]\ntestpaths = tests\n")
    outcome = project.run("--clinigate-seed", "7", "--theirs", "yes")
    assert (outcome.code, outcome.verdict("test_it")) == (0, "passed"), outcome.out


@pytest.mark.parametrize("kept_out", ["clinigate", "clinigate_clinical"])
def test_one_of_the_plugins_may_be_kept_out(project: Any, kept_out: str) -> None:
    """The other one does not stumble over it."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run("-p", f"no:{kept_out}")
    assert "INTERNALERROR" not in outcome.out
    if kept_out == "clinigate":
        assert "fixture 'assess' not found" in outcome.out
        assert "--clinical-grade" not in project.run("-p", "no:clinigate", "--help").out
    else:
        assert outcome.code == 0, outcome.out


def test_markers_fixtures_and_options_are_documented(project: Any) -> None:
    """`--markers`, `--fixtures` and `--help` say what there is, in one group."""
    assert "@pytest.mark.clinical(flag=None): a clinical check" in project.run("--markers").out
    shown = project.run("--fixtures").out
    assert "Run a registered check by its id" in shown
    (project.folder / "conftest.py").unlink()  # it overrides the target
    assert "The system under test, as [target]" in project.run("--fixtures").out
    helped = project.run("--help").out
    assert helped.count("Clinigate: clinical-grade evaluation with signed evidence") == 1


@pytest.mark.parametrize("looking", ["--collect-only", "--fixtures", "--setup-plan"])
def test_looking_at_an_evaluation_is_none(project: Any, looking: str) -> None:
    """Nothing is begun, and having assessed nothing is no failure."""
    project.tests(good="T-REQUIRED-PASS-001")
    assert project.run("--clinical-grade", looking).code == 0
    assert not (project.folder / ".clinigate").exists()
