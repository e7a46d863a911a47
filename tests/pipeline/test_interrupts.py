"""Ctrl-C waits until evidence is closed, and is not forgotten."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from clinigate.pipeline.interrupts import undisturbed


def test_an_interruption_comes_after_the_block() -> None:
    """Whichever thread the kernel hands it to, and however often it comes."""
    done = []

    def from_elsewhere() -> None:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - that it comes late is the claim
        with undisturbed():
            other = threading.Thread(target=from_elsewhere)
            other.start()
            other.join()
            done.append("closed")
        done.append("not reached")
    assert done == ["closed"]


def test_afterwards_all_is_as_before() -> None:
    def mine(*_: Any) -> None:
        return None

    before = signal.signal(signal.SIGINT, mine)
    try:
        with pytest.raises(ValueError, match="of the block"), undisturbed():
            raise ValueError("of the block")
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_needs_no_handler() -> None:
    ended = []

    def work() -> None:
        with undisturbed():
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]
