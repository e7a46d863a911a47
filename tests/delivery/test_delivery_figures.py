"""The figures of delivery: counted as they are defined, judged by bounds, told in three forms."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.cli.exits import ExitCode
from clinigate.core.verdict import Status
from clinigate.delivery.deployments import (
    Deployment,
    Ended,
    read_deployments,
    record_deployment,
)
from clinigate.delivery.exposition import exposition
from clinigate.delivery.figures import FIGURES, Figure, figures
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.ledger import Ledger

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COMMIT = "ab" * 20


def deployed(
    hours_ago: float,
    ended: Ended = Ended.SUCCEEDED,
    *,
    commit: str = COMMIT,
    lead_h: float | None = 2,
    since_h: float | None = None,
) -> Deployment:
    at = NOW - hours_ago * HOUR
    return Deployment(
        at,
        ended,
        commit,
        None if lead_h is None else at - lead_h * HOUR,
        None if since_h is None else at - since_h * HOUR,
    )


def judged(*deployments: Deployment) -> dict[str, Figure]:
    found = figures(sorted(deployments, key=lambda each: each.at), now=NOW)
    assert [each.criterion.id for each in found] == list(FIGURES)
    return {each.criterion.id.rpartition(".")[2]: each for each in found}


def test_nothing_at_all_is_no_figure() -> None:
    for each in judged().values():
        assert each.verdict.status is Status.INCONCLUSIVE
        assert each.measurement.value is None
        assert each.needed


def test_a_good_month_shows_the_medians_and_not_the_rates() -> None:
    """30 deployments without a failure show neither 99.5% nor less than 5% failures."""
    found = judged(*(deployed(20 * number) for number in range(30)))
    assert found["success"].verdict.status is Status.INCONCLUSIVE
    assert found["success"].needed == 598
    assert found["change_failure_rate"].verdict.status is Status.INCONCLUSIVE
    assert found["change_failure_rate"].needed == 59
    assert found["interval"].verdict.status is Status.PASS
    assert found["lead_time"].verdict.status is Status.PASS
    assert found["recovery_time"].verdict.status is Status.INCONCLUSIVE


def test_as_many_as_it_takes_pass() -> None:
    found = judged(*(deployed(number, commit=f"{number:07x}") for number in range(598)))
    assert found["success"].verdict.status is Status.PASS
    assert found["change_failure_rate"].verdict.status is Status.PASS


def test_what_the_bounds_prove_wrong_fails() -> None:
    bad = [deployed(number, Ended.ROLLED_BACK, since_h=3) for number in range(10)]
    good = [deployed(100 + 72 * number, lead_h=9) for number in range(10)]
    found = judged(*bad, *good)
    for name, each in found.items():
        assert each.verdict.status is Status.FAIL, name


def test_a_failure_that_never_got_traffic_is_no_change_failure() -> None:
    found = judged(deployed(1, Ended.FAILED), deployed(2))
    assert (found["success"].measurement.events, found["success"].measurement.n) == (1, 2)
    rate = found["change_failure_rate"].measurement
    assert (rate.events, rate.n) == (0, 1)
    assert found["recovery_time"].measurement.n == 0


def test_what_is_said_later_counts_against_the_change_and_not_as_a_deployment() -> None:
    later = deployed(1, Ended.DEGRADED, since_h=2)
    found = judged(deployed(5), later, deployed(0.5, commit="cd" * 20))
    assert found["success"].measurement.n == 2
    rate = found["change_failure_rate"].measurement
    assert (rate.events, rate.n) == (1, 2)
    recovery = found["recovery_time"].measurement
    assert recovery.value == pytest.approx(2.5 * 3600)


def test_people_write_fewer_digits_of_a_commit_than_pipelines() -> None:
    found = judged(deployed(5), deployed(1, Ended.DEGRADED, commit=COMMIT[:7]))
    rate = found["change_failure_rate"].measurement
    assert (rate.events, rate.n, rate.excluded) == (1, 1, 0)


def test_a_degraded_one_that_nobody_deployed_may_be_any() -> None:
    """Its commit is mistyped, or its ledger is missing: the figure must not be better for it."""
    good = [deployed(number, commit=f"{number:07x}") for number in range(60)]
    assert judged(*good)["change_failure_rate"].verdict.status is Status.PASS
    found = judged(*good, deployed(1, Ended.DEGRADED, commit="f" * 40))
    rate = found["change_failure_rate"]
    assert (rate.measurement.events, rate.measurement.excluded) == (0, 1)
    assert rate.verdict.status is Status.INCONCLUSIVE
    assert "no deployment is known" in rate.measurement.caveats[0]


def test_a_commit_that_is_deployed_again_failed_once() -> None:
    again = [deployed(9), deployed(7, Ended.DEGRADED), deployed(2), deployed(1)]
    rate = judged(*again)["change_failure_rate"].measurement
    assert (rate.events, rate.n) == (1, 3)


def test_an_attempt_that_was_taken_back_repairs_nothing() -> None:
    attempt = deployed(5, Ended.ROLLED_BACK, commit="cd" * 20)
    found = judged(deployed(9), deployed(7, Ended.DEGRADED), attempt)
    assert found["recovery_time"].measurement.value == pytest.approx(7 * 3600)
    itself = deployed(5, Ended.ROLLED_BACK, commit=COMMIT[:12], since_h=2)
    times = judged(deployed(9), deployed(7, Ended.DEGRADED), itself)["recovery_time"]
    assert times.measurement.value == pytest.approx(2 * 3600)


def test_an_outage_that_is_told_after_its_repair_ended_with_the_repair() -> None:
    told_late = deployed(1, Ended.DEGRADED, since_h=4)
    found = judged(deployed(9), deployed(4, commit="cd" * 20), told_late)
    assert found["recovery_time"].measurement.value == pytest.approx(3600)


def test_a_clock_that_runs_ahead_makes_no_time_negative() -> None:
    found = judged(deployed(1), deployed(-3, Ended.DEGRADED))
    assert found["recovery_time"].measurement.value == 0


def test_an_outage_that_is_still_open_lasts_until_now() -> None:
    found = judged(deployed(9), deployed(7, Ended.DEGRADED))
    assert found["recovery_time"].measurement.value == pytest.approx(7 * 3600)


def test_deployments_that_ceased_are_not_daily() -> None:
    """The open gap counts once it is over a day; before that it says nothing yet."""
    weeks = [deployed(24 * 30 + number) for number in range(1, 3)]
    assert judged(*weeks)["interval"].measurement.n == 2
    assert judged(deployed(2), deployed(12))["interval"].measurement.n == 1


def test_times_that_nobody_told_are_said() -> None:
    found = judged(deployed(1, lead_h=None), deployed(2), deployed(3, Ended.ROLLED_BACK))
    assert found["lead_time"].measurement.caveats == ("of 1 more nobody told the time",)
    assert found["recovery_time"].measurement.caveats == ("of 1 more nobody told the time",)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(Ended), max_size=40))
def test_one_more_failure_never_makes_a_figure_better(ends: list[Ended]) -> None:
    told = [deployed(10 + n, each, commit=f"{n:07x}") for n, each in enumerate(reversed(ends))]
    before, after = judged(*told), judged(*told, deployed(5, Ended.ROLLED_BACK, commit="f" * 7))
    order = [Status.PASS, Status.INCONCLUSIVE, Status.FAIL]
    success, failed = (
        [each[name].measurement.value for each in (before, after)]
        for name in ("success", "change_failure_rate")
    )
    assert success[0] is None or (success[1] or 0) <= success[0]
    assert failed[0] is None or (failed[1] or 0) >= failed[0]
    ranks = [order.index(each["success"].verdict.status) for each in (before, after)]
    assert ranks[0] != 0 or ranks[1] >= 0


def ledger_of(folder: Path) -> Ledger:
    return Ledger(folder / ".clinigate" / "ledger")


def test_what_is_recorded_comes_back_once_and_in_order(tmp_path: Path) -> None:
    told = [deployed(3, Ended.ROLLED_BACK, since_h=1), deployed(1, lead_h=None), deployed(2)]
    for folder in ("a", "b"):
        for each in told:
            record_deployment(ledger_of(tmp_path / folder), each)
    found = read_deployments(tmp_path / name / ".clinigate" / "ledger" for name in ("a", "b"))
    assert list(found) == sorted(told, key=lambda each: each.at)


def test_a_ledger_that_was_rewritten_gives_no_figures(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    for hours_ago in (2, 1):
        record_deployment(ledger, deployed(hours_ago, Ended.FAILED))
    path = ledger.directory / "records.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"succeeded"', 1))
    with pytest.raises(IntegrityError):
        read_deployments([ledger.directory])


def test_a_deployment_that_is_none_is_refused(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    ledger.append("deployment", run=None, body={"at": "yesterday", "ended": "succeeded"})
    with pytest.raises(IntegrityError, match="record 1: no deployment"):
        read_deployments([ledger.directory])


@pytest.mark.parametrize("commit", ["", "main", "AB" * 20, "ab" * 40, "12345 7"])
def test_a_commit_is_hex(commit: str) -> None:
    with pytest.raises(UsageError, match="commit: got"):
        deployed(1, commit=commit)


def test_times_after_the_end_are_refused() -> None:
    with pytest.raises(UsageError, match=r"committed-at: .* is after the end"):
        deployed(1, lead_h=-1)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_line_is_of_the_text_format(count: int) -> None:
    """A bound that so few do not have is infinite, as the format writes it."""
    told = sorted((deployed(10 * n + 1) for n in range(count)), key=lambda each: each.at)
    text = exposition(figures(told, now=NOW), told)
    number = r"(?:[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)"
    sample = re.compile(rf'[a-z_]+\{{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\}} {number}')
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("count", [0, 3, 40])
def test_prometheus_understands_every_line(count: int) -> None:
    told = [
        deployed(10 * n + 1, Ended.ROLLED_BACK if n % 7 == 3 else Ended.SUCCEEDED, since_h=0.2)
        for n in range(count)
    ]
    told.sort(key=lambda each: each.at)
    text = exposition(figures(told, now=NOW), told)
    said = subprocess.run(
        ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stderr == ""


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "therapy"\n')
    return tmp_path


def test_the_command_records_and_shows(team: Path, cli: Callable[..., Any]) -> None:
    said = cli(
        "metrics", "record", "succeeded", "--commit", COMMIT,
        "--committed-at", "2026-01-01T10:00:00+02:00",
    )  # fmt: skip
    assert said.code == ExitCode.OK
    assert "recorded: succeeded" in said.out
    shown = cli("metrics")
    assert shown.code == ExitCode.OK
    assert "1 deployments in the ledger" in shown.out
    assert "598 would settle it" in shown.out
    plain = json.loads(cli("metrics", "--format", "json").out)
    assert plain["deployments"] == 1
    assert [each["verdict"]["criterion"] for each in plain["figures"]] == list(FIGURES)
    assert (
        'clinigate_deployments_total{ended="succeeded"} 1'
        in cli("metrics", "--format", "prometheus").out
    )
    assert cli("metrics", "--judge").code == ExitCode.NOT_PASSED


def test_an_author_s_clock_that_runs_ahead_keeps_no_deployment_out(
    team: Path, cli: Callable[..., Any]
) -> None:
    committed = "2999-01-01T00:00:00Z"
    said = cli("metrics", "record", "succeeded", "--commit", COMMIT, "--committed-at", committed)
    assert said.code == ExitCode.OK
    assert "is still to come; it is left out" in said.out
    assert "of 1 more nobody told the time" in cli("metrics").out


def test_the_ledger_of_a_runner_is_kept_and_several_are_put_together(
    team: Path, cli: Callable[..., Any]
) -> None:
    for runner, word in (("a", "succeeded"), ("b", "failed")):
        shutil.rmtree(team / ".clinigate", ignore_errors=True)
        cli("metrics", "record", word, "--commit", COMMIT, "--copy", f"kept/{runner}")
    shutil.rmtree(team / ".clinigate")
    said = cli("metrics", "--ledger", "kept/a", "--ledger", "kept/b/ledger")
    assert "2 deployments in the ledger" in said.out


def test_they_are_evidence_where_asked_for(team: Path, cli: Callable[..., Any]) -> None:
    cli("metrics", "record", "succeeded", "--commit", COMMIT)
    said = cli("metrics", "--record")
    assert said.code == ExitCode.NOT_PASSED
    assert "delivery.success" in said.out


@pytest.mark.parametrize(
    ("word", "told"),
    [("succeeded", "recorded: succeeded"), ("rolled-back", "recorded: rolled-back"),
     ("held", "nothing is recorded: the roll-out waits for a person"),
     ("refused", "nothing is recorded"), ("started", "nothing is recorded"),
     (None, "nothing is recorded: the roll-out never began")],
)  # fmt: skip
def test_what_a_roll_out_wrote_is_taken(
    team: Path, cli: Callable[..., Any], word: str | None, told: str
) -> None:
    if word is not None:
        (team / "settled").write_text(f"{word}\n")
        (team / "since").write_text("2026-01-01T10:00:00Z\n")
    said = cli("metrics", "record", "--settled", "settled", "--commit", COMMIT)
    assert said.code == ExitCode.OK
    assert told in said.out
    if word == "rolled-back":
        (found,) = read_deployments([team / ".clinigate" / "ledger"])
        assert found.since == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--commit", COMMIT), "say how it ended"),
        (("succeeded", "--commit", "main"), "commit: got 'main'"),
        (("succeeded", "--commit", COMMIT, "--committed-at", "noon"), "--committed-at: got 'noon'"),
        (("succeeded", "--commit", COMMIT, "--since", "2026-01-01"), "--since: got"),
        (("succeeded", "--commit", COMMIT, "--since", "2999-01-01T00:00:00Z"), "is after the end"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    team: Path, cli: Callable[..., Any], arguments: tuple[str, ...], why: str
) -> None:
    said = cli("metrics", "record", *arguments)
    assert said.code == ExitCode.USAGE
    assert why in said.err
    assert not (team / ".clinigate").exists()


def test_a_word_that_no_roll_out_writes_is_refused(team: Path, cli: Callable[..., Any]) -> None:
    (team / "settled").write_text("fine")
    said = cli("metrics", "record", "--settled", "settled", "--commit", COMMIT)
    assert said.code == ExitCode.USAGE
    assert "holds 'fine'" in said.err


def test_a_ledger_that_was_changed_ends_with_its_own_code(
    team: Path, cli: Callable[..., Any]
) -> None:
    for _ in range(2):
        cli("metrics", "record", "failed", "--commit", COMMIT)
    path = team / ".clinigate" / "ledger" / "records.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"succeeded"', 1))
    assert cli("metrics").code == ExitCode.INTEGRITY
