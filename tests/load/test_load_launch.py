"""What a generator's end is worth: played out, stopped, or dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.load.journal import Journal, JournalReader
from clinigate.load.launch import Outcome, _outcome, _Processes


def ended(path: Path, how: str | None, stopped: str | None = None) -> Outcome:
    journal = Journal(path)
    journal.begun(workers=1, zero_wall=0.0, versions={})
    if how is not None:
        journal.end(how)
    reader = JournalReader(path)
    reader.catch_up()
    return _outcome(reader, stopped, _Processes({}))


@pytest.mark.parametrize(
    ("how", "told", "stopped", "trouble"),
    [
        ("complete", None, None, None),
        # A SIGTERM that reached the generator alone: the run has no end, and is no whole run.
        ("stopped", None, "the load generator was stopped from outside", None),
        ("stopped", "interrupted by SIGINT", "interrupted by SIGINT", None),
        (None, None, None, "the load generator died (it said nothing)"),
    ],
)
def test_only_a_run_that_was_played_out_is_complete(
    tmp_path: Path, how: str | None, told: str | None, stopped: str | None, trouble: str | None
) -> None:
    outcome = ended(tmp_path / "journal.ndjson", how, told)
    assert (outcome.stopped, outcome.trouble) == (stopped, trouble)
