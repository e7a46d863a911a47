"""What the kernel counts of waiting becomes a share; where it counts nothing, nothing is told."""

from __future__ import annotations

import pytest

from clinigate.gpu_bench.ai.host import HostTimes, read_host, too_busy, waited_share


def tasks(folder, *lines):
    for number, line in enumerate(lines):
        (folder / str(number)).mkdir()
        (folder / str(number) / "schedstat").write_text(line)
    return folder


def test_all_threads_count(tmp_path) -> None:
    assert read_host(tasks(tmp_path, "100 10 1\n", "200 20 1\n")) == HostTimes(300, 30)


def test_a_thread_that_ended_meanwhile_is_left_out(tmp_path) -> None:
    folder = tasks(tmp_path, "100 10 1\n")
    (folder / "gone").mkdir()
    assert read_host(folder) == HostTimes(100, 10)


@pytest.mark.parametrize("line", ["", "100\n", "a b c\n", "0 0 0\n"])
def test_what_tells_nothing_is_nothing(tmp_path, line) -> None:
    assert read_host(tasks(tmp_path, line)) is None
    assert read_host(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (HostTimes(100, 10), HostTimes(190, 20), 0.1),
        (HostTimes(100, 10), HostTimes(100, 10), 0.0),
        (HostTimes(100, 10), HostTimes(50, 5), 0.0),  # a busy thread has ended
        (None, HostTimes(1, 1), None),
        (HostTimes(1, 1), None, None),
    ],
)
def test_the_share_is_of_the_time_in_which_it_was_ready(before, after, share) -> None:
    assert waited_share(before, after) == share


def test_ten_percent_are_the_most() -> None:
    assert too_busy(None) is None
    assert too_busy(0.10) is None
    assert "waited for a processor 11%" in too_busy(0.11)


def test_this_process_can_be_read_where_linux_counts() -> None:
    seen = read_host()
    assert seen is None or seen.ran_ns > 0
