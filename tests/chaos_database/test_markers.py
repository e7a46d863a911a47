"""What a witness says of writes, and what the driver of a pair refuses before anything happens."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.drivers.base import DriverOptions, NotAvailableError
from clinigate.chaos.drivers.postgres_local import Parameters, connect, parameters
from clinigate.chaos.drivers.postgres_markers import MarkerWitness, Watched
from clinigate.chaos.labs.control import LabControl, tell_lab
from clinigate.chaos.labs.failover import lab_of
from clinigate.chaos.labs.gauge import ReplicationGauge
from clinigate.chaos.labs.markers import MarkerWriter
from clinigate.chaos.model import Invariant, Json
from clinigate.chaos.parse import find_experiment
from clinigate.core.exhibit import Exhibit
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError, MissingExtraError, TargetError, UsageError
from clinigate.measure.prober import Timeline

SYNC = find_experiment("db-failover-sync")
ASYNC = find_experiment("db-failover-async")


def _watched(acked: dict[int, float], *, sent: set[int], found: list[int] | None) -> Watched:
    writer = MarkerWriter("", "run", {})
    writer.acked, writer.sent = acked, sent
    gauge = ReplicationGauge(dict)
    gauge.readings = [(1.0, 0.01), (1.25, None)]
    watched = Watched(1, 0.0, 0.0, writer, gauge, Timeline(), found)
    if found is None:
        watched.unread = "markers: no server answered"
    watched.failovers = [{"detected_s": 1.1, "promoted_s": 1.2}]
    return watched


def _about(*watched: Watched) -> tuple[list[Any], str]:
    witness = MarkerWitness(dict, Invariant(probe="markers", metric="lost_writes"))
    witness._watched = list(watched)
    report = witness.report(SYNC.prefix)
    return list(report.about), report.blobs[0][0].decode()


def _statuses(*watched: Watched) -> dict[str, Status]:
    about, _ = _about(*watched)
    observations = [Observation(SYNC.check_id, each) for each in about]
    criteria = [
        replace(criterion, min_n=1)
        for criterion in experiment_criteria(SYNC)
        if criterion.metric.endswith((".rpo", ".lost_writes"))
    ]
    verdicts = judge_all(criteria, observations)
    return {verdict.metric.rpartition(".")[2]: verdict.status for verdict in verdicts}


class TestWitness:
    def test_what_was_acknowledged_and_found_passes_and_an_ambiguous_write_is_not_lost(
        self,
    ) -> None:
        watched = _watched({0: 1.0, 1: 1.1}, sent={0, 1, 2, 3}, found=[0, 1, 2])
        assert _statuses(watched) == {"rpo": Status.PASS, "lost_writes": Status.PASS}
        about, blob = _about(watched)
        lost = next(a for a in about if a.metric.endswith("lost_writes"))
        assert (
            "2 more writes were sent and never acknowledged; 1 of them are there"
            in (lost.caveats[0])
        )
        assert json.loads(blob)["ambiguous"] == [2, 3]

    def test_one_lost_acknowledgement_fails_where_none_may_be_lost(self) -> None:
        watched = _watched({0: 1.0, 1: 1.1, 2: 1.5}, sent={0, 1, 2}, found=[0])
        assert _statuses(watched) == {"rpo": Status.PASS, "lost_writes": Status.FAIL}
        about, _ = _about(watched)
        (finding,) = [a for a in about if isinstance(a, Finding)]
        assert finding.message == (
            "2 acknowledged writes are gone (numbers 1 to 2); the loss reaches back 0.500 s"
        )
        (rpo,) = [a for a in about if isinstance(a, Measurement) and a.metric.endswith(".rpo")]
        assert rpo.value == pytest.approx(0.5)

    def test_what_cannot_be_read_back_is_no_pass(self) -> None:
        fine = _watched({0: 1.0}, sent={0}, found=[0])
        unread = _watched({0: 1.0}, sent={0}, found=None)
        assert _statuses(fine, unread) == {"rpo": Status.FAIL, "lost_writes": Status.FAIL}

    def test_nothing_acknowledged_is_no_pass(self) -> None:
        watched = _watched({}, sent=set(), found=[])
        assert _statuses(watched) == {"rpo": Status.FAIL, "lost_writes": Status.INCONCLUSIVE}

    def test_a_write_that_is_there_twice_is_told(self) -> None:
        about, _ = _about(_watched({0: 1.0}, sent={0}, found=[0, 0, 7]))
        (finding,) = [a for a in about if isinstance(a, Finding)]
        assert finding.message.startswith("1 writes are there more than once, 1 are there and")

    def test_the_age_of_the_standbys_last_write_is_a_figure_with_its_holes(self) -> None:
        about, _ = _about(_watched({0: 1.0}, sent={0}, found=[0]))
        (figure,) = [a for a in about if isinstance(a, Exhibit)]
        assert figure.series[0].y == (0.01, None)
        assert [mark.name for mark in figure.marks] == ["detected", "promoted"]

    def test_a_metric_that_it_does_not_measure_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="'crisis_path' is neither lost_writes nor rpo"):
            MarkerWitness(dict, Invariant(probe="markers", metric="crisis_path"))


class TestExperiments:
    def test_both_state_what_they_are_judged_by(self) -> None:
        names = {c.id for c in experiment_criteria(ASYNC)}
        assert names >= {f"chaos.db_failover_async.{m}" for m in ("rto", "rpo", "undo")}
        (lost,) = [c for c in experiment_criteria(SYNC) if c.id.endswith("lost_writes")]
        assert lost.zero_tolerance
        assert (SYNC.objectives.rto_s, SYNC.objectives.rpo_s) == (300.0, 900.0)

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ({}, Parameters()),
            ({"partition": "30s", "mode": "sync"}, Parameters(30.0, "sync")),
            ({"partition": "0s"}, Parameters()),
        ],
    )
    def test_parameters(self, given: dict[str, Json], wanted: Parameters) -> None:
        assert parameters(replace(ASYNC.fault, parameters=given)) == wanted

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"partitoin": "3s"}, "has no 'partitoin'; it has partition and mode"),
            ({"mode": "quorum"}, "mode is 'quorum'; wanted async or sync"),
            ({"partition": "soon"}, "'soon' is no duration"),
        ],
    )
    def test_parameters_that_cannot_be_meant_are_refused(
        self, given: dict[str, Json], words: str
    ) -> None:
        with pytest.raises(ConfigError, match=words):
            parameters(replace(ASYNC.fault, parameters=given))


class TestDriver:
    def test_it_needs_a_pair(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="needs a running pair; start one with"):
            connect(DriverOptions())
        other = tmp_path / "topology.json"
        said = {"schema": "clinigate.topology/1", "name": "x", "environment": "local"}
        other.write_text(json.dumps({**said, "entry": {"url": "https://127.0.0.1:1"}}))
        with pytest.raises(ConfigError, match="describes no PostgreSQL pair"):
            connect(DriverOptions(topology=str(other)))

    def test_without_a_client_it_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(MissingExtraError, match="clinigate\\[db\\]"):
            connect(DriverOptions(topology=str(tmp_path / "t.json")))

    def test_it_has_the_one_witness(self, tmp_path: Path) -> None:
        from clinigate.chaos.drivers.postgres_local import PostgresLocalDriver

        with pytest.raises(NotAvailableError, match="no witness 'crisis-path'"):
            PostgresLocalDriver(tmp_path).witness(Invariant(probe="crisis-path", metric="x"))

    def test_a_defect_that_a_pair_does_not_have_is_refused(self) -> None:
        with pytest.raises(UsageError, match="has no defect 'slow'"):
            lab_of(SYNC, "slow")


class TestControl:
    def test_orders_are_obeyed_errors_come_back_and_a_lab_that_is_gone_is_none(
        self, tmp_path: Path
    ) -> None:
        def fails() -> dict[str, Any]:
            raise TargetError("no standby")

        path = tmp_path / "control"
        with LabControl(path, {"status": lambda: {"whole": True}, "restore": fails}):
            assert path.stat().st_mode & 0o777 == 0o600
            assert tell_lab(path, "status") == {"ok": True, "whole": True}
            with pytest.raises(TargetError, match="no standby"):
                tell_lab(path, "restore")
            with pytest.raises(TargetError, match="an order is one of status, restore"):
                tell_lab(path, "dance")
        assert tell_lab(path, "status") is None
