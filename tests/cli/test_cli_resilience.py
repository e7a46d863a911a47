"""Experiments, load and a benchmark beside the clinical part: one run, one seal, one report.

Everything is real: the reference service as a cluster of processes, Locust, torch,
and the commands as a user types them. Only lengths are cut: one repetition, a few seconds, few
queries on one thread, since threads that share a processor with other tests spin.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.demo_resilience import PRODUCERS, commands_beside, run_producers
from clinigate.cli.exits import ExitCode
from clinigate.core import Exhibit, Status
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.spool import RunStatus

SCRIPT = """\
python -m pytest -q -p no:cacheprovider -p no:schemathesis -p no:locust tests/clinical --profile pr
clinigate chaos run kill-replica --reference --repeat 1
clinigate load run --profile smoke --reference --duration 4
clinigate bench ai --latency-threshold=100ms --throughput-threshold=100rps --allow-cpu \\
  --no-sweep --scenario single-stream --blocks 5 --queries 20 --threads 1
true
"""

#: A family of criteria, and one of it that must have been measured here.
MEASURED = {
    "chaos": "chaos.kill_replica.rto",
    "load": "load.smoke.crisis_reply",
    "bench": "bench.ai.single_stream.latency_p99",
    "crisis": "crisis.false_negative_rate",
}


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, evaluated: Callable[..., Any],
    program: Callable[..., Any], shared: Any,
) -> tuple[Path, Any]:  # fmt: skip
    """A user's folder in which `clinigate collect` has run all of them, and what it said."""
    folder = tmp_path_factory.mktemp("resilience")
    shared.describe(folder, evaluated().signer, None)
    assert program("init", "new", cwd=folder).code == ExitCode.OK
    (folder / "tests").symlink_to(folder / "new" / "tests")
    said = program(
        "collect", "--profile", "pr", "--", "sh", "-c", SCRIPT, cwd=folder,
        env={
            "CLINIGATE_KEY_PASSPHRASE": shared.PASSPHRASE,
            "PATH": shared.path_with_the_program(),
        },
    )  # fmt: skip
    return folder, said


@pytest.fixture(scope="module")
def bundle(made: tuple[Path, Any]) -> Bundle:
    folder, _ = made
    (run,) = (folder / ".clinigate" / "runs").iterdir()
    return open_bundle(run)


@pytest.mark.acceptance
def test_the_run_is_whole_and_signed(made: tuple[Path, Any], bundle: Bundle) -> None:
    _, said = made
    assert said.code == ExitCode.OK, said.out + said.err
    assert bundle.signed
    assert bundle.status is RunStatus.COMPLETE


@pytest.mark.acceptance
@pytest.mark.parametrize("criterion", MEASURED.values(), ids=MEASURED)
def test_each_producer_has_measured_something(bundle: Bundle, criterion: str) -> None:
    verdicts = {verdict.criterion: verdict for verdict in bundle.results().verdicts}
    assert verdicts[criterion].n > 0, verdicts[criterion].reason
    assert verdicts[criterion].status in (Status.PASS, Status.INCONCLUSIVE, Status.FAIL)


@pytest.mark.acceptance
def test_one_report_shows_them_all(
    made: tuple[Path, Any], bundle: Bundle, program: Callable[..., Any]
) -> None:
    """With the figures of the experiment, of the load and of the benchmark."""
    folder, _ = made
    said = program("report", "last", "--policy", "pr", "--out", "report.html", cwd=folder)
    assert said.code == ExitCode.OK, said.err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert [name for name in MEASURED.values() if name not in page] == []
    drawn = {o.about.metric for o in bundle.results().observations if isinstance(o.about, Exhibit)}
    assert {metric.partition(".")[0] for metric in drawn} == {"chaos", "load", "bench"}
    assert page.count("<svg") >= len(drawn)


def test_the_demo_lets_the_same_commands_join() -> None:
    """`clinigate demo --resilience` runs these after its checks."""
    assert [" ".join(command[:3]) for command in PRODUCERS] == [
        "chaos run kill-replica",
        "chaos run crisis-path",
        "load run --profile",
        "bench ai --allow-cpu",
    ]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("chaos", "list"), None),
        (("chaos", "run", "no-such-experiment"), "ended with exit code 4"),
    ],
)
def test_a_producer_that_comes_to_no_verdict_ends_the_demo(
    command: tuple[str, ...], why: str | None
) -> None:
    said = run_producers({}, [command])
    assert said is None if why is None else str(said).endswith(why)


def test_the_demo_hunts_for_leaks_and_its_sample_where_a_defect_needs_it() -> None:
    traced = ("phi", "trace", "--reference")
    leaking = (*traced, "--defect", "phi-in-url")
    assert commands_beside(None, is_sample=False, resilience=False) == (traced,)
    assert commands_beside(None, is_sample=False, resilience=True) == (traced, *PRODUCERS)
    assert commands_beside(None, is_sample=True, resilience=False) == ()
    assert commands_beside("slow-tail", is_sample=True, resilience=False) == ()
    for is_sample in (True, False):
        made = commands_beside("phi-in-url", is_sample=is_sample, resilience=False)
        assert made == (leaking,)
