"""Probes ask within their budget, say whose they are, and write only where they may."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troubled import TOKEN_PATH, troubled_service

from clinigate.cli.app import run as clinigate
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.verdict import Status
from clinigate.errors import TargetError
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises, opened, withheld_from
from clinigate.hipaa.probe import Effect
from clinigate.targets.service import Pace

TODAY = date(2026, 11, 22)
RUN = "x-clinigate-run"

At = Callable[..., Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with troubled_service() as found:
        yield found


@pytest.fixture
def at(running: Any, tmp_path: Path) -> At:
    """Opens premises of the small service, with `[hipaa.safety]` and what is in `[hipaa]`."""
    service, base_url = running
    service.heard.clear()
    service.paths.clear()

    @contextmanager
    def premises(*, options: dict[str, Any] | None = None, **hipaa: Any) -> Iterator[Premises]:
        tables = service.tables(base_url)
        tables["hipaa"] |= hipaa
        config = LoadedConfig(Config.model_validate(tables), tmp_path, "clinigate.toml")
        more = options or {}
        with opened(config, today=TODAY, environ=service.environment(), **more) as found:
            yield found

    return premises


class Clock:
    """A clock that goes on by being slept on."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@given(rate=st.floats(0.5, 1000), gaps=st.lists(st.floats(0, 5), min_size=1, max_size=30))
def test_requests_keep_their_distance(rate: float, gaps: list[float]) -> None:
    """Whenever they come, no two are admitted closer than the rate allows."""
    clock = Clock()
    pace = Pace(len(gaps), rate, now=clock.now, sleep=clock.sleep)
    admitted = []
    for gap in gaps:
        clock.at += gap
        pace.admit()
        admitted.append(clock.at)
    apart = [later - earlier for earlier, later in pairwise(admitted)]
    assert all(each >= 1 / rate - 1e-9 for each in apart)


@given(most=st.integers(0, 20))
def test_a_budget_is_never_overdrawn(most: int) -> None:
    clock = Clock()
    pace = Pace(most, 1000, now=clock.now, sleep=clock.sleep)
    for _ in range(most):
        pace.admit()
    for _ in range(2):
        with pytest.raises(TargetError, match=r"\[hipaa.safety\] most_requests"):
            pace.admit()


def test_a_probe_that_runs_out_of_its_budget_is_an_error(at: At, see: Any, running: Any) -> None:
    with at(safety={"most_requests": 2}) as premises:
        seen = see("cache_control", premises)
    assert seen.status is Status.ERROR
    assert "the budget of 2 requests is used up" in seen.reason
    assert len(running[0].heard) == 2


def test_every_request_says_whose_it_is(at: At, see: Any, running: Any) -> None:
    """That for a token too."""
    with at(options={"run": "run-7"}) as premises:
        see("cache_control", premises)
        see("privacy_notice", premises)
    service = running[0]
    assert TOKEN_PATH in service.paths
    assert {each.get(RUN) for each in service.heard} == {"run-7"}


def test_the_header_can_be_another(at: At, see: Any, running: Any) -> None:
    with at(options={"run": "run-8"}, safety={"run_header": "X-Whose"}) as premises:
        see("privacy_notice", premises)
    assert [each.get("x-whose") for each in running[0].heard] == ["run-8"]


#: They let synthetic patients speak before they look.
SPEAK = {"phi_encryption", "phi_in_logs", "integrity_controls", "consent"}
WRITES = [
    each.name for each in NAMED.values() if each.effect is not Effect.READS or each.name in SPEAK
]


def test_nothing_that_writes_is_tried_where_patients_are(at: At, see: Any, running: Any) -> None:
    """Whatever else the configuration states."""
    stated = {"production": True, "allow_destructive": True}
    with at(test_environment=True, safety=stated) as premises:
        assert premises.table.test_environment is False
        seen = {name: see(name, premises) for name in WRITES}
    assert {each.status for each in seen.values()} == {Status.NOT_ASSESSED}
    assert all("[hipaa.safety] production = true" in each.reason for each in seen.values())
    assert running[0].heard == []


@pytest.mark.parametrize("effect", Effect)
def test_what_a_probe_may_do_is_stated(effect: Effect, at: At) -> None:
    """One that writes takes a test environment, one that disturbs takes being asked for."""
    named = next(each for each in NAMED.values() if each.effect is effect and not each.attested)
    with at(test_environment=False) as premises:
        said = withheld_from(named, premises)
        assert (said is None) == (effect is Effect.READS)
        assert said is None or "test_environment = true" in said
    with at() as premises:
        said = withheld_from(named, premises)
        assert ("--allow-destructive" in (said or "")) == (effect is Effect.DISTURBS)
    with at(options={"allow_destructive": True}) as premises:
        assert "--allow-destructive" not in (withheld_from(named, premises) or "")


def test_a_table_that_is_missing_is_named(at: At, see: Any) -> None:
    with at(traffic={}) as premises:
        for name in ("malware_upload", "message_integrity", "activity_review", "privacy_notice"):
            seen = see(name, premises)
            assert seen.status is Status.NOT_ASSESSED
            assert "needs [hipaa.traffic." in seen.reason


def project(folder: Path, base_url: str) -> None:
    (folder / "clinigate.toml").write_text(
        f'[target]\nkind = "http"\nbase_url = "{base_url}"\ntimeout_s = 5\n'
        '[target.chat]\npath = "/chat"\nrequest = { messages = "{{messages}}" }\n'
        'answer = { text = "said" }\n'
        '[hipaa.traffic.notice]\npath = "/notice"\nversion = "3"\neffective = "2026-10-01"\n'
    )


def test_a_scan_of_the_service_names_its_run(
    running: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, base_url = running
    service.heard.clear()
    project(tmp_path, base_url)
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    clinigate(["hipaa", "scan", "--scan-type", "service", "--allow-destructive"])
    (run,) = {each.get(RUN) for each in service.heard}
    assert (tmp_path / ".clinigate" / "runs" / str(run)).is_dir()


def test_files_are_never_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert clinigate(["hipaa", "scan", "--scan-type", "phi", "--allow-destructive"]) == 4
    assert "--scan-type service" in capsys.readouterr().err


def test_a_probe_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert clinigate(["hipaa", "tests", "malware_upload"]) == 0
    said = capsys.readouterr().out
    for told in ("effect: writes", "sends: a harmless", "cannot see: malware", "[hipaa.traffic.up"):
        assert told in said
    assert clinigate(["hipaa", "tests", "malware_uplaod"]) == 4
    assert "'malware_upload'" in capsys.readouterr().err


OWN = """\
def test_of_ones_own(assess_hipaa, hipaa_premises):
    assert hipaa_premises.allow_destructive
    assess_hipaa("privacy_notice")
"""


def test_pytest_lets_probes_disturb_and_names_its_run(running: Any, tmp_path: Path) -> None:
    service, base_url = running
    service.heard.clear()
    project(tmp_path, base_url)
    (tmp_path / "test_own.py").write_text(OWN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis",
         "-p", "no:locust", "--allow-destructive"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = {each.get(RUN) for each in service.heard}
    assert re.search(rf"\b{re.escape(str(run))}\b", done.stdout)
