"""What the kernel counts of waiting becomes a share; where it counts nothing, nothing is told."""

from __future__ import annotations

import pytest

from clinigate.gpu_bench.ai.host import read_host, too_busy, waited_share


def tasks(folder, *lines):
    for number, line in enumerate(lines):
        (folder / str(number)).mkdir()
        (folder / str(number) / "schedstat").write_text(line)
    return folder


def test_all_threads_count(tmp_path) -> None:
    assert read_host(tasks(tmp_path, "100 10 1\n", "200 20 1\n")) == 30


def test_a_thread_that_ended_meanwhile_is_left_out(tmp_path) -> None:
    folder = tasks(tmp_path, "100 10 1\n")
    (folder / "gone").mkdir()
    assert read_host(folder) == 10


@pytest.mark.parametrize("line", ["", "100\n", "a b c\n"])
def test_what_tells_nothing_is_nothing(tmp_path, line) -> None:
    assert read_host(tasks(tmp_path, line)) is None
    assert read_host(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (10**9, 2 * 10**9, 0.25),
        (10**9, 10**9, 0.0),
        (10**9, 10**8, 0.0),  # a thread that had waited has ended
        (None, 1, None),
        (1, None, None),
    ],
)
def test_the_share_is_of_the_time_that_passed(before, after, share) -> None:
    assert waited_share(before, after, 4.0) == share


def test_no_time_has_no_share() -> None:
    assert waited_share(0, 1, 0.0) is None


def test_ten_percent_are_the_most() -> None:
    assert too_busy(None) is None
    assert too_busy(0.10) is None
    assert "waited for a processor 110 ms in each second" in too_busy(0.11)


def test_this_process_can_be_read_where_linux_counts() -> None:
    seen = read_host()
    assert seen is None or seen >= 0
