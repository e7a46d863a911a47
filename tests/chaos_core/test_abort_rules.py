"""Abort rules look at the last seconds, and one that can never fire is refused."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from chaos_bench import YAML

from clinigate.chaos.abort import AbortWatch
from clinigate.chaos.drivers.base import Witness
from clinigate.chaos.model import AbortRule, Experiment
from clinigate.chaos.parse import read_experiment
from clinigate.errors import ConfigError
from clinigate.measure.prober import Timeline


def read(folder: Path, when: str, *, rate: str = "100/s", probe: str = "crisis-path") -> Experiment:
    added = f"invariants: [{{probe: {probe}, success: 1.0}}]\n  abort: [{{when: {when}}}]\n  load:"
    path = folder / "experiment.yaml"
    path.write_text(YAML.replace("load:", added, 1).replace("100/s", rate), encoding="utf-8")
    return read_experiment(path)


@pytest.mark.parametrize(
    ("when", "rate", "probe", "why"),
    [
        ("burn_rate(api-p95) > 5", "100/s", "x", "has no burn rate"),
        ("burn_rate(time-to-restore) > 5", "100/s", "x", "has no burn rate"),
        ("burn_rate(api-availability) > 2000", "100/s", "x", "is at most 2000"),
        ("entry.bad_share > 50", "100/s", "x", "is at most 100%"),
        ("entry.bad_share > 100%", "100/s", "x", "is at most 100%"),
        ("entry.bad_share > 50%", "1.9/s", "x", "set load.rate to 2/s"),
        ("burn_rate(api-availability) > 500", "1/s", "x", "set load.rate to 2/s"),
        ("audit-trail.errors > 0", "100/s", "audit-trail", "until the run is over"),
        ("dependencies.bad_share > 1%", "100/s", "dependencies", "until the run is over"),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(
    tmp_path: Path, when: str, rate: str, probe: str, why: str
) -> None:
    with pytest.raises(ConfigError, match="can never fire") as caught:
        read(tmp_path, when, rate=rate, probe=probe)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("when", "rate"),
    [
        ("burn_rate(api-availability) > 1999", "2/s"),
        ("entry.bad_share > 99.9%", "2/s"),
        ("entry.errors > 100", "1/s"),
        ("crisis-path.errors > 0", "1/s"),
        ("crisis-path.bad_share > 10%", "1/s"),
    ],
)
def test_a_rule_that_can_is_read(tmp_path: Path, when: str, rate: str) -> None:
    assert read(tmp_path, when, rate=rate).abort[0].source == when


class Clock:
    """A timeline of which only the time counts."""

    at = 0.0

    def now(self) -> float:
        return self.at


class Counting:
    """A witness whose counts the test sets."""

    asked = bad = 0

    def counts(self) -> tuple[int, int]:
        return self.asked, self.bad


def test_the_share_of_a_witness_is_over_the_last_seconds() -> None:
    """Long good times before do not hide that it is bad now, nor old failures that it is well."""
    clock, witness = Clock(), Counting()
    rule = AbortRule("w.bad_share > 50%", "w", "bad_share", 0.5, 0.0)
    watch = AbortWatch((rule,), cast("Timeline", clock), {"w": cast("Witness", witness)})

    def after(seconds: int, *, bad: bool) -> str | None:
        said = None
        for _ in range(seconds):
            clock.at += 1
            witness.asked += 10
            witness.bad += 10 * bad
            said = watch.tripped()
        return said

    assert after(100, bad=False) is None
    assert after(2, bad=True) is None
    assert after(1, bad=True) == "abort rule 'w.bad_share > 50%': 0.6"
    assert after(10, bad=False) is None


def test_too_few_in_the_last_seconds_say_nothing() -> None:
    clock, witness = Clock(), Counting()
    rule = AbortRule("w.bad_share > 50%", "w", "bad_share", 0.5, 0.0)
    watch = AbortWatch((rule,), cast("Timeline", clock), {"w": cast("Witness", witness)})
    assert watch.tripped() is None
    clock.at, witness.asked, witness.bad = 1.0, 9, 9
    assert watch.tripped() is None
    witness.asked, witness.bad = 10, 10
    assert watch.tripped() is not None
