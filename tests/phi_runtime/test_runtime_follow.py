"""A follower reads every byte once, through renames, cuts, absences and whatever order of them."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.runtime.follow import Follower


def text_of(follower: Follower) -> bytes:
    return b"".join(grown.data for grown in follower.read())


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_growth_is_read_once(log: Path) -> None:
    follower = Follower(log)
    assert text_of(follower) == b"", "it need not be there yet"
    add(log, b"one\ntw")
    assert text_of(follower) == b"one\ntw"
    assert text_of(follower) == b""
    add(log, b"o\n")
    assert [(g.generation, g.data) for g in follower.read()] == [(0, b"o\n")]
    assert follower.gaps == []
    follower.close()


def test_what_was_there_may_be_left_out(log: Path) -> None:
    add(log, b"old\n")
    follower = Follower(log, from_start=False)
    assert text_of(follower) == b""
    add(log, b"new\n")
    assert text_of(follower) == b"new\n"
    log.rename(log.with_name("app.log.1"))
    add(log, b"the next file is new as a whole\n")
    assert text_of(follower) == b"the next file is new as a whole\n"
    follower.close()


def test_a_renamed_file_is_read_on_beside_the_new_one(log: Path) -> None:
    add(log, b"1\n")
    follower = Follower(log)
    writer = log.open("ab", buffering=0)
    assert text_of(follower) == b"1\n"
    writer.write(b"2\n")
    log.rename(log.with_name("app.log.1"))
    add(log, b"a\n")
    writer.write(b"3\n")
    assert [(g.generation, g.data) for g in follower.read()] == [(0, b"2\n3\n"), (1, b"a\n")]
    writer.write(b"late\n")
    assert [(g.generation, g.data) for g in follower.read()] == [(0, b"late\n")]
    for _ in range(40):
        assert text_of(follower) == b""
    assert follower.ended == [0]
    assert follower.gaps == []
    writer.close()
    follower.close()


def test_a_file_that_was_copied_and_cut_is_finished_in_its_copy(log: Path) -> None:
    add(log, b"first line\n")
    follower = Follower(log)
    text_of(follower)
    add(log, b"never read before the cut\n")
    shutil.copy(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    add(log, b"anew\n")
    assert [(g.generation, g.data) for g in follower.read()] == [
        (0, b"never read before the cut\n"),
        (1, b"anew\n"),
    ]
    assert (follower.ended, follower.gaps) == ([0], [])
    follower.close()


@pytest.mark.parametrize("anew", [b"", b"short\n", b"longer than what was there before\n" * 9])
def test_a_cut_without_a_copy_is_a_gap_however_much_came_since(log: Path, anew: bytes) -> None:
    add(log, b"what was there before\n" * 5)
    follower = Follower(log)
    text_of(follower)
    os.truncate(log, 0)
    add(log, anew)
    assert text_of(follower) == anew
    assert "was cut short at byte 110" in follower.gaps[0]
    follower.close()


def test_a_removed_file_is_read_to_its_end_and_its_successor_too(log: Path) -> None:
    add(log, b"1\n")
    follower = Follower(log)
    text_of(follower)
    with log.open("ab", buffering=0) as writer:
        log.unlink()
        writer.write(b"2\n")
        assert text_of(follower) == b"2\n"
    add(log, b"3\n")
    assert text_of(follower) == b"3\n"
    follower.close()


def test_what_is_no_file_or_cannot_be_read_is_a_gap_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    follower = Follower(pipe)
    assert text_of(follower) == text_of(follower) == b""
    assert follower.gaps == ["is no file"]
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    follower = Follower(loop)
    assert text_of(follower) == b""
    assert follower.gaps[0].startswith("cannot be read")


def test_a_rotated_file_that_nobody_saw_growing_is_read_as_a_whole(log: Path) -> None:
    old = log.with_name("app.log.1")
    add(old, b"rotated before we came\n")
    add(log, b"1\n")
    follower = Follower(log)
    assert text_of(follower) == b"1\n"
    old.unlink()
    log.rename(log.with_name("app.log.2"))
    add(log, b"2\n")
    log.rename(old)
    add(log, b"3\n")
    add(log.with_name("app.log.bak"), b"no rotation\n")
    assert sorted(grown.data for grown in follower.read()) == [b"2\n", b"3\n"]
    assert text_of(follower) == b""
    follower.close()


STEPS = st.lists(st.sampled_from(["write", "write", "read", "rename", "copytruncate"]), max_size=14)


@settings(max_examples=30)
@given(steps=STEPS)
def test_any_order_of_writing_reading_and_rotating_loses_nothing(steps: list[str]) -> None:
    """A log that is cut twice between two reads would be another matter."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        follower = Follower(log)
        written: list[bytes] = []
        got: defaultdict[int, bytes] = defaultdict(bytes)
        cut = False

        def read() -> None:
            for grown in follower.read():
                got[grown.generation] += grown.data

        for number, step in enumerate(steps):
            moved = log.with_name(f"app.log.{number}")
            if step == "write":
                written.append(f"line {number}\n".encode())
                add(log, written[-1])
            elif step == "read" or not log.exists():
                read()
                cut = False
            elif step == "rename":
                log.rename(moved)
            elif not cut:
                shutil.copy(log, moved)
                os.truncate(log, 0)
                cut = True
        read()
        follower.close()
        assert sorted(b"".join(got.values()).splitlines(True)) == sorted(written)
        assert follower.gaps == []
