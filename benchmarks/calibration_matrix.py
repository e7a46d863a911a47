"""Every defect of the reference service held against every HIPAA test: the calibration matrix.

    .venv/bin/python benchmarks/calibration_matrix.py [--jobs N] [--defect NAME]... [--write]
    .venv/bin/python benchmarks/calibration_matrix.py --seeds 10

Each defect is a start of its own, on which all tests run, those that disturb what is their own too;
the clean service is one more row. What must come of it: each defect fails the tests that it names,
and no other test says anything but PASS. `--write` keeps the matrix as
tests/hipaa_matrix/matrix.json and draws it in docs/hipaa-matrix.md; with `--defect`, those rows of
it. Takes about half a minute a defect.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from clinigate.cli.reference_hipaa import (
    reference_attestations,
    reference_hipaa_environment,
    reference_hipaa_tables,
)
from clinigate.cli.reference_target import reference_tables
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.judgement import judge_all
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.run import look
from clinigate.reference.defects import DEFECTS
from clinigate.reference.launch import running

ROOT = Path(__file__).resolve().parents[1]
MATRIX = ROOT / "tests" / "hipaa_matrix" / "matrix.json"
DOCS = ROOT / "docs" / "hipaa-matrix.md"
CLEAN = "clean"
IDLE_S = 2.0

Row = Mapping[str, str]


def expected() -> dict[str, frozenset[str]]:
    """Return the tests that each defect must fail, by defect; the clean service fails none."""
    found = {
        name: frozenset(each.removeprefix("hipaa.") for each in defect.metrics)
        for name, defect in DEFECTS.items()
    }
    mine = {name: tests for name, tests in found.items() if tests & set(NAMED)}
    return {CLEAN: frozenset(), **mine}


@contextmanager
def premises_of(defect: str, folder: Path, seed: int = 0) -> Iterator[Premises]:
    """Start the service with a defect, and prepare what the tests look at."""
    today = datetime.now(UTC).date()
    (folder / "hipaa-attestations.toml").write_text(reference_attestations(today))
    name = None if defect == CLEAN else defect
    with running(defect=name, care=True, idle_timeout_s=IDLE_S) as service:
        tables = {**reference_tables(service), "hipaa": reference_hipaa_tables(service)}
        config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
        environ = reference_hipaa_environment(service)
        with opened(
            config, today=today, environ=environ, seed=seed, allow_destructive=True, run="matrix"
        ) as premises:
            yield premises


def row_of(defect: str, seed: int = 0) -> tuple[str, Row]:
    """Return the verdict of every test on the service with a defect."""
    criteria = {each.metric: each for each in builtin_criteria()}
    with (
        tempfile.TemporaryDirectory(prefix="clinigate-matrix-") as folder,
        premises_of(defect, Path(folder), seed) as premises,
    ):
        row = {}
        for name, named in NAMED.items():
            (verdict,) = judge_all([criteria[named.metric]], list(look(named, premises)))
            row[name] = verdict.status.value
    return defect, row


def troubles(defect: str, row: Row, wanted: frozenset[str]) -> Iterator[str]:
    """Say what is not as it must be."""
    for name, status in row.items():
        if name in wanted and status != "FAIL":
            yield f"{defect}: {name} is {status}, and must be FAIL"
        if name not in wanted and status != "PASS":
            yield f"{defect}: {name} is {status}, and must be PASS"


def drawn(rows: Mapping[str, Row]) -> str:
    """Return the page of the documentation."""
    lines = [
        "# The calibration matrix",
        "",
        (
            "Each defect that the reference service can be started with, and what every HIPAA test "
            "says of it. `.venv/bin/python benchmarks/calibration_matrix.py --write` makes this "
            f"page: {len(rows)} starts, {len(NAMED)} tests on each. On the clean service every "
            "test passes; with a defect the tests named here fail, and every other passes."
        ),
        "",
        "| defect | what goes wrong | fails | anything else |",
        "|---|---|---|---|",
    ]
    for defect, row in rows.items():
        failed = ", ".join(f"`{name}`" for name, status in row.items() if status == "FAIL")
        other = {name: status for name, status in row.items() if status not in ("PASS", "FAIL")}
        more = ", ".join(f"`{name}` {status}" for name, status in other.items())
        what = "nothing" if defect == CLEAN else DEFECTS[defect].summary
        lines.append(f"| `{defect}` | {what} | {failed or '–'} | {more or '–'} |")
    return "\n".join(lines) + "\n"


def known() -> dict[str, Row]:
    """Return the rows that were kept."""
    return dict(json.loads(MATRIX.read_text("utf-8"))) if MATRIX.is_file() else {}


def write(rows: Mapping[str, Row], order: Sequence[str]) -> None:
    """Keep the rows, and draw them."""
    kept = {defect: rows[defect] for defect in order if defect in rows}
    MATRIX.parent.mkdir(exist_ok=True)
    MATRIX.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    DOCS.write_text(drawn(kept), "utf-8")


def alarms(seeds: int, jobs: int) -> int:
    """Say what the tests find wrong with the clean service, seed by seed."""
    wrong = 0
    with ProcessPoolExecutor(jobs) as pool:
        for seed, (_, row) in enumerate(pool.map(row_of, [CLEAN] * seeds, range(seeds))):
            found = list(troubles(CLEAN, row, frozenset()))
            wrong += len(found)
            print(f"seed {seed}: {'; '.join(found) or 'no alarm'}", flush=True)
    return 1 if wrong else 0


def main() -> int:
    """Make the matrix, and say what in it is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--defect", action="append")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seeds", type=int, help="the clean service alone, with so many seeds")
    asked = parser.parse_args()
    if asked.seeds is not None:
        return alarms(asked.seeds, asked.jobs)
    wanted = expected()
    chosen = asked.defect or list(wanted)
    rows: dict[str, Row] = {}
    wrong: list[str] = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        for defect, row in pool.map(row_of, chosen):
            rows[defect] = row
            found = list(troubles(defect, row, wanted[defect]))
            wrong += found
            print(f"{defect}: {'; '.join(found) or 'as it must be'}", flush=True)
    if asked.write:
        write({**(known() if asked.defect else {}), **rows}, list(wanted))
    print(f"{len(rows)} starts, {len(NAMED)} tests, {len(wrong)} troubles")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
