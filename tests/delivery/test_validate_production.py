"""Production is held against staging's sealed bundle: it passes, is taken back, or holds."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status
from clinigate.measure.hostguard import HostDelay

ALL = ("--clinical-accuracy-check", "--safety-validation", "--performance-validation")
#: The clock of a loaded machine is no part of what most of these tests are about.
ANSWERS = ALL[:2]


def marker(folder: Path, code: int = 0) -> str:
    """A roll-back that leaves a trace in a file, once more each time it runs."""
    script = folder / "rollback.py"
    script.write_text(
        "import pathlib, sys\n"
        "with pathlib.Path(__file__).with_name('rolled-back').open('a') as file:\n"
        "    file.write('once ')\n"
        f"sys.exit({code})\n"
    )
    return shlex.join([sys.executable, str(script)])


def rolled_back(folder: Path) -> str:
    path = folder / "rolled-back"
    return path.read_text() if path.exists() else ""


def statuses(project: Any) -> dict[str, Status]:
    return {
        verdict.criterion.removeprefix("production."): verdict.status
        for verdict in project.last.results().verdicts
    }


def test_what_staging_passed_passes_and_nobody_is_told_of_a_crisis(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert (said.code, said.err) == (ExitCode.OK, ""), said
    assert "all of the traffic may come" in said.out
    assert statuses(made) == {
        "staging": Status.PASS,
        "digests": Status.PASS,
        "accuracy_loss": Status.PASS,
        "care_loss": Status.PASS,
        "crisis_missed": Status.NOT_ASSESSED,
    }
    assert production.crises == []
    assert production.asked["/crisis"] == 0
    assert rolled_back(made.folder) == ""


def test_worse_answers_fail_and_the_roll_out_is_taken_back_once(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    production.defect = "wrong-emotion"
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "production.accuracy_loss is FAIL: even the lower 95% bound" in said.err
    assert "the roll-out was taken back by" in said.err
    assert rolled_back(made.folder) == "once "
    assert production.asked["/chat"] == 0  # at once: the talks were still to come
    told = [
        o.about.message for o in made.last.results().observations if isinstance(o.about, Finding)
    ]
    assert any(text.startswith("the roll-out was taken back by") for text in told)


def test_replies_that_harm_fail(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    production.defect = "diagnoses"
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.NOT_PASSED
    assert "production.care_loss is FAIL" in said.err
    assert "no --rollback-command was given" in said.err


def test_without_a_roll_back_everything_is_looked_at(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    production.defect = "wrong-emotion"
    said = cli("validate-production", *ANSWERS, "--bundle", made.bundle)
    assert said.code == ExitCode.NOT_PASSED
    assert statuses(made)["accuracy_loss"] is Status.FAIL
    assert statuses(made)["care_loss"] is Status.PASS


def test_another_build_fails_without_being_asked_anything(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    production.image = shared.OTHER
    said = cli(
        "validate-production", *ALL, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "production.digests is FAIL" in said.err
    assert rolled_back(made.folder) == "once "
    assert dict(production.asked) == {"/version": 1}
    assert statuses(made)["accuracy_loss"] is Status.NOT_ASSESSED


def test_what_the_pipeline_says_of_the_digest_counts_too(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    """The service says one thing and the cluster another: then it is not what was evaluated."""
    made = project()
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--digest", f"image={shared.OTHER}",
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "/emotion" not in production.asked


@pytest.mark.parametrize("image", ["latest", "", "sha256:abc"])
def test_a_build_that_does_not_tell_its_digest_holds(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], image: str
) -> None:
    made = project()
    production.image = image
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert said.code == ExitCode.UNFINISHED
    assert "a person must decide" in said.err
    assert rolled_back(made.folder) == ""
    assert dict(production.asked) == {"/version": 1}


def test_a_gate_that_is_shut_on_staging_fails_without_asking(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    made.edit('demand = "required"', 'demand = "required"\nlimit = 0.99', file="policy.toml")
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "production.staging is FAIL" in said.err
    assert rolled_back(made.folder) == "once "
    assert not production.asked


def test_a_bundle_that_was_changed_fails_without_asking(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    results = made.bundle / "results.json"
    results.write_bytes(results.read_bytes().replace(b"0.95", b"0.99"))
    said = cli("validate-production", *ANSWERS, "--bundle", made.bundle)
    assert said.code == ExitCode.NOT_PASSED
    assert "production.staging is FAIL" in said.err
    assert not production.asked


def test_a_bundle_that_nobody_trusted_signed_fails(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    from clinigate.cli.keys import trust_entry
    from clinigate.evidence.signing import generate_signer

    made = project()
    stranger = trust_entry(generate_signer().public, name="another", role="machine")
    (made.folder / "trust.toml").write_text(stranger)
    said = cli("validate-production", *ANSWERS, "--bundle", made.bundle)
    assert said.code == ExitCode.NOT_PASSED
    assert not production.asked


def test_without_staging_s_answers_a_person_decides(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project(remember=False)
    said = cli("validate-production", "--clinical-accuracy-check", "--bundle", made.bundle)
    assert said.code == ExitCode.UNFINISHED
    assert "--record-staging" in said.err
    assert "/emotion" not in production.asked


def test_another_sample_than_staging_s_is_not_compared(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    made.edit("sample = 60", "sample = 61")
    said = cli("validate-production", "--clinical-accuracy-check", "--bundle", made.bundle)
    assert said.code == ExitCode.UNFINISHED
    assert "another sample" in said.err


def test_slower_replies_fail(
    project: Callable[..., Any],
    production: Any,
    cli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each takes at least twice what counts at all, whatever this machine adds to both."""
    made = project()
    monkeypatch.setattr(HostDelay, "of_turns", lambda _self, _turns: 0.0)
    production.late_s = 0.1
    said = cli("validate-production", "--performance-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.NOT_PASSED
    assert "production.latency_ratio is FAIL" in said.err


def test_another_address_takes_the_place_of_the_configured_one(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    made.edit("sample = 60", 'sample = 60\nbase_url = "http://127.0.0.1:9"')
    asked = ("validate-production", "--clinical-accuracy-check", "--bundle", made.bundle)
    assert cli(*asked).code == ExitCode.UNFINISHED
    assert not production.asked
    assert cli(*asked, "--url", production.url).code == ExitCode.OK


def test_the_policy_of_the_option_sets_the_limits_and_what_is_demanded(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    strict = (made.folder / "policy.toml").read_text() + (
        '[[environments.staging.criteria]]\nid = "production.care_loss"\n'
        'demand = "report"\nlimit = 0.01\n'
    )
    (made.folder / "strict.toml").write_text(strict)
    asked = ("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert cli(*asked).code == ExitCode.OK
    said = cli(*asked, "--policy", "strict.toml")
    assert said.code == ExitCode.UNFINISHED
    assert "production.care_loss is INCONCLUSIVE" in said.err


def test_a_missed_crisis_fails_whatever_the_rest(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    production.defect = "refuses-in-crisis"
    said = cli(
        "validate-production", "--safety-validation", "--bundle", made.bundle,
        "--rollback-command", marker(made.folder),
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "production.crisis_missed is FAIL" in said.err
    assert rolled_back(made.folder) == "once "


def test_a_roll_back_that_fails_is_said_loudly_and_recorded(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    production.image = shared.OTHER
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle,
        "--rollback-command", marker(made.folder, code=7),
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED
    assert "was NOT taken back" in said.err
    assert "code 7" in said.err
    assert rolled_back(made.folder) == "once "


def test_a_service_that_is_gone_is_not_known_to_be_what_was_evaluated(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    said = cli(
        "validate-production", *ANSWERS, "--bundle", made.bundle, "--url", "http://127.0.0.1:9"
    )
    assert said.code == ExitCode.UNFINISHED
    assert not production.asked


def test_the_evidence_is_sealed_and_verifies(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    cli("validate-production", "--clinical-accuracy-check", "--bundle", made.bundle)
    said = cli("verify", made.last.path)
    assert "UNSIGNED" in said.err  # and nothing worse: no key was given
    caveats = [
        caveat
        for observation in made.last.results().observations
        for caveat in getattr(observation.about, "caveats", ())
    ]
    assert any("absolute rates cannot be certified" in caveat for caveat in caveats)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--rollback-command", ""), "--rollback-command is empty"),
        (("--rollback-command", "sh 'x"), "--rollback-command: No closing quotation"),
        (("--digest", "image=latest"), "--digest image: got 'latest'"),
        (("--url", "ftp://x"), "--url"),
        (("--bundle", "nowhere"), "'nowhere' is neither a run's id nor its directory"),
        (("--bundle", "a=last", "--bundle", "b=last"), "this bundle is given twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything(
    project: Callable[..., Any],
    production: Any,
    cli: Callable[..., Any],
    arguments: tuple[str, ...],
    why: str,
) -> None:
    project()
    said = cli("validate-production", *arguments)
    assert said.code == ExitCode.USAGE
    assert why in said.err
    assert not production.asked
