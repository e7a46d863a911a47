"""A disk that is full while a run is sealed: one sentence, nothing lost, and sealed when there is
room again.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.verify import verify_bundle

#: Seals the run of argv[1] in a process that may write files of argv[2] bytes at most.
SEAL = """\
import resource, signal, sys
from pathlib import Path

sys.path.insert(0, sys.argv[3])
from conftest import System, TickingClock
from clinigate.errors import EvidenceError
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run
from clinigate.evidence.seal import seal

directory = Path(sys.argv[1])
system = System(directory.parent.parent, TickingClock(), None)

class Given:
    id = directory.name
    directory = Path(sys.argv[1])

results = system.results(Given())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
try:
    seal(directory, signer=None, ledger=system.ledger, results=results, controls={})
except EvidenceError as error:
    sys.exit(str(error))
print("sealed")
"""


def _runs() -> Any:
    name = "evidence_runs"
    if name not in sys.modules:
        path = Path(__file__).parent.parent / "evidence" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def run(tmp_path: Path) -> tuple[Any, Any]:
    runs = _runs()
    system = runs.System(tmp_path / ".clinigate", runs.TickingClock(), None)
    made = system.record(blobs=3)
    made.finish()
    return system, made


def sealed_within(directory: Path, room: int) -> subprocess.CompletedProcess[str]:
    evidence = Path(__file__).parent.parent / "evidence"
    # Branches cannot be counted in there: what is counted would not fit on this disk either.
    environ = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    return subprocess.run(
        [sys.executable, "-c", SEAL, str(directory), str(room), str(evidence)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("room", [0, 100, 600, 1500, 3000])
def test_nothing_is_lost_and_the_seal_is_made_later(run: Any, room: int) -> None:
    """Whichever file does not fit: the run is sealed whole later, or already is."""
    _, made = run
    before = {path: path.read_bytes() for path in made.directory.rglob("*") if path.is_file()}
    found = sealed_within(made.directory, room)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "Traceback" not in found.stderr
    assert found.stderr.count("\n") == 1
    assert "cannot be written" in found.stderr or "the disk took" in found.stderr
    for path, data in before.items():
        assert path.read_bytes() == data
    assert not list(made.directory.rglob("*.tmp"))
    assert is_sealed(made.directory) is False or open_bundle(made.directory).run == made.id
    again = sealed_within(made.directory, 1 << 30)
    assert again.returncode == 0, again.stderr
    report = verify_bundle(open_bundle(made.directory), trust=None)
    assert report.problems == ()
    assert read_run(made.directory).observations()
