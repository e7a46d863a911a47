"""Bad input gets one sentence with what, where and what to do, and the right exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import generate_signer

HTTP_TARGET = """
[target]
kind = "http"
base_url = "http://127.0.0.1:{port}"

[target.crisis]
path = "/crisis"
request = {{ text = "{{{{text}}}}" }}
answer = {{ flag = "flag" }}
"""


def said(outcome: Any) -> list[str]:
    """The lines in which we speak."""
    return [line for line in outcome.out.splitlines() if "clinigate: " in line]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--min-accuracy=0.5"], "limit 0.5 is looser than the policy's '>= 0.95'"),
        (["--min-accuracy=0.5", "-n", "2"], "limit 0.5 is looser than the policy's '>= 0.95'"),
        (["--min-accuracy=nan"], "limit is nan, it must be a number"),
        (["--clinigate-environment=moon"], "moon"),
        (["--clinigate-config=missing.toml"], "missing.toml"),
        (["--clinigate-seed=-1"], "--clinigate-seed is -1; it is 0 or more"),
        (["--clinigate-rerun-failed"], "no run here, so that there is nothing to run again"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_cannot_be_meant(project: Any, options: list[str], sentence: str) -> None:
    """Refused before anything runs: exit code 4, nothing on disk."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(*options)
    assert outcome.code == 4, outcome.out
    (line,) = said(outcome)
    assert line.startswith("ERROR: clinigate: ")
    assert sentence in line
    outcome.assert_no_traceback()
    assert not (project.folder / ".clinigate").exists()


@pytest.mark.parametrize("option", ["--no-such-option", "--profile=quick"])
def test_an_option_that_does_not_parse(project: Any, option: str) -> None:
    """The sentence is pytest's own, and so is exit code 4."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(option)
    assert outcome.code == 4
    assert option.partition("=")[0] in outcome.out
    outcome.assert_no_traceback()


def break_key(project: Any) -> None:
    project.write("clinigate.toml", "[subject]\nnam = 'tiny'\n[gate]\npolicy = 'policy.toml'\n")


def break_policy(project: Any) -> None:
    project.write("policy.toml", 'schema = "clinigate.policy/1"\n')


def break_pack(project: Any) -> None:
    project.write("pack.yaml", "schema: clinigate.pack/1\nid: broken\n")
    config = (project.folder / "clinigate.toml").read_text()
    project.write("clinigate.toml", f'{config}\n[packs]\ncrisis = ["pack.yaml"]\n')


def expose_key(project: Any) -> None:
    lock_key(project)
    (project.folder / "run.key").chmod(0o644)


def lock_key(project: Any) -> None:
    save_key(generate_signer(), project.folder / "run.key", "open sesame", cost=2**14)
    config = (project.folder / "clinigate.toml").read_text()
    project.write("clinigate.toml", f'{config}\n[signing]\nkey = "file:run.key"\n')


BREAKAGES = {
    break_key: "did you mean 'name'?",
    break_policy: "policy.toml",
    break_pack: "pack.yaml",
    expose_key: "run.key",
    lock_key: "run.key",
}


@pytest.mark.parametrize(
    ("breakage", "options"),
    [
        *((breakage, ["--clinical-grade"]) for breakage in BREAKAGES),
        (break_key, ["--clinical-grade", "-n", "2"]),
        (break_key, []),
        (break_pack, []),
        (lock_key, []),
    ],
)
def test_a_file_that_is_wrong(project: Any, breakage: Any, options: list[str]) -> None:
    """Before anything runs where an evaluation is meant; else one sentence a test. Exit code 4."""
    project.tests(good="T-REQUIRED-PASS-001")
    breakage(project)
    outcome = project.run(*options, CLINIGATE_KEY_PASSPHRASE="close sesame")
    assert outcome.code == 4, outcome.out
    assert any(BREAKAGES[breakage] in line for line in said(outcome)), outcome.out
    outcome.assert_no_traceback()
    assert "open sesame" not in outcome.out
    assert not (project.folder / ".clinigate").exists()
    if options:
        assert outcome.cases == {}
    else:
        assert outcome.verdict("test_good") == "error"


@pytest.mark.parametrize("options", [[], ["--clinical-grade", "-n", "2"]], ids=["alone", "xdist"])
def test_no_target(project: Any, options: list[str]) -> None:
    """One sentence a test says what to write where; exit code 4."""
    Path(project.folder, "conftest.py").unlink()
    project.tests(one="CG-CLIN-CRISIS-001", two="CG-CLIN-EMOTION-001")
    outcome = project.run(*options)
    assert outcome.code == 4, outcome.out
    for test in ("test_one", "test_two"):
        assert outcome.verdict(test) == "error"
        assert "clinigate.toml: no [target]; `clinigate init` writes one" in outcome.reason(test)
    outcome.assert_no_traceback()


@pytest.mark.parametrize("spread", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize("options", [[], ["--clinical-grade"]], ids=["plain", "meant"])
def test_an_unreachable_service(
    project: Any, options: list[str], spread: list[str], unused_port: int
) -> None:
    """One sentence a test, exit code 2, and a run that says it was aborted and why."""
    Path(project.folder, "conftest.py").unlink()
    config = (project.folder / "clinigate.toml").read_text()
    project.write("clinigate.toml", config + HTTP_TARGET.format(port=unused_port))
    project.tests(one="CG-CLIN-CRISIS-001", two="CG-CLIN-FAIR-001")
    outcome = project.run(*options, *spread)
    assert outcome.code == 2, outcome.out
    place = f"127.0.0.1:{unused_port}"
    for test in ("test_one", "test_two"):
        assert outcome.verdict(test) == "error"
        assert place in outcome.reason(test)
    outcome.assert_no_traceback()
    assert "run ended early" in outcome.out
    for run in project.runs():
        assert project.status_of(run) == "ABORTED"
        assert place in str(project.results_of(run).interrupted)
    assert len(project.runs()) == 1 or not options


def test_a_fixture_that_returns_no_target(project: Any) -> None:
    """What is no target, function or mapping is named, and what would be one."""
    conftest = (project.folder / "conftest.py").read_text()
    project.write("conftest.py", conftest.replace("lambda text: text", "42"))
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run()
    assert (outcome.code, outcome.verdict("test_good")) == (4, "error")
    assert "the target is of type int" in outcome.reason("test_good")
    outcome.assert_no_traceback()


def test_a_marker_that_names_no_option(project: Any) -> None:
    """Nobody could ever select the test: refused, and the known ones named."""
    test = "import pytest\n\n\n@pytest.mark.clinical(flag='--empathy')\ndef test_it():\n    pass\n"
    project.write("test_it.py", test)
    outcome = project.run()
    assert outcome.code == 4
    assert (
        "no option '--empathy' selects tests; known are --response-appropriateness" in outcome.out
    )
    outcome.assert_no_traceback()


def test_a_check_that_does_not_load_stops_everything(project: Any) -> None:
    """What is declared must load: a plugin's broken entry point is named, and no test passes."""
    info = "acme-1.dist-info"
    project.write(f"site/{info}/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    project.write(f"site/{info}/entry_points.txt", "[clinigate.checks]\nacme = acme_checks\n")
    project.write("site/acme_checks.py", "raise ValueError('half written')\n")
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(PYTHONPATH=str(project.folder / "site"))
    assert (outcome.code, outcome.verdict("test_good")) == (4, "error")
    assert "entry point acme = acme_checks does not load" in outcome.reason("test_good")


def test_a_coroutine_cannot_assess(project: Any) -> None:
    """A check runs in an event loop of its own; in a running one the test is told so."""
    project.write(
        "test_it.py",
        "import asyncio\n\n\ndef test_it(assess):\n"
        "    async def inside():\n        assess('T-REQUIRED-PASS-001')\n"
        "    asyncio.run(inside())\n",
    )
    outcome = project.run()
    assert outcome.verdict("test_it") == "failure"
    assert "call assess from a plain function" in outcome.reason("test_it")
    assert "never awaited" not in outcome.out
