"""The progress of a check on pytest's line: shown where a person looks on, and wiped again."""

from __future__ import annotations

from clinigate.clinical.asking import Progress
from clinigate.pytest_plugins.progress import TerminalProgress


def shown(*steps: Progress, room: int = 100) -> list[str]:
    written: list[str] = []
    seconds = iter(range(100))
    line = TerminalProgress(written.append, lambda: room, lambda: float(next(seconds)))
    for step in steps:
        line(step)
    return written


def test_cases_what_went_wrong_and_the_time_left():
    first, second = shown(Progress(0, 300, 0), Progress(3, 300, 1))
    assert "0 of 300 cases, 0 wrong so far" in first
    assert "3 of 300 cases, 1 wrong so far, 1:39 left" in second


def test_the_end_wipes_the_line():
    assert shown(Progress(0, 5, 0), Progress(5, 5, 0))[-1] == "\x1b[K"


def test_it_speaks_at_each_hundredth_alone():
    steps = [Progress(done, 1_000, 0) for done in range(31)]
    assert len(shown(*steps)) == 4


def test_it_keeps_to_its_line():
    (text,) = shown(Progress(0, 300, 0), room=12)
    assert text == "\x1b7 0 of 300 c\x1b[K\x1b8"


def test_nothing_is_written_where_nobody_looks_on(pytestconfig):
    from clinigate.pytest_plugins.progress import progress_of

    writer = pytestconfig.get_terminal_writer()
    if not writer.hasmarkup:
        assert progress_of(pytestconfig, lambda: 0.0) is None
