"""Fails a pair over: detect the loss of the primary, fence it, promote the standby."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from clinigate.chaos.labs.pair import PostgresPair
from clinigate.chaos.labs.postgres import kill_leftovers
from clinigate.errors import TargetError

__all__ = ["Failover", "FailoverSupervisor"]

_ANSWER_WITHIN_S = 2.0
#: SSLRequest of the frontend/backend protocol: it is answered with one letter, before any login.
_TLS_QUESTION = struct.pack("!ii", 8, 80877103)


@dataclass(frozen=True, slots=True)
class Failover:
    """One failover; times are of CLOCK_MONOTONIC, which all processes of a host share.

    Attributes:
        lost, promoted: names of the nodes.
        detected_s: when enough checks in a row had failed.
        fenced_s: when nothing of the old primary could take a write any more.
        promoted_s: when the standby had become a primary.
    """

    lost: str
    promoted: str
    detected_s: float
    fenced_s: float
    promoted_s: float


class FailoverSupervisor:
    """Watches a pair in a thread for as long as the context is open.

    Attributes:
        failovers: what it did, in order.
        trouble: why the last failover did not succeed; None when none failed.
    """

    def __init__(
        self,
        pair: PostgresPair,
        *,
        changed: Callable[[], None],
        interval_s: float = 0.2,
        failures: int = 3,
    ) -> None:
        """Watch `pair`; `changed` is called after each failover.

        The primary counts as lost when `failures` checks in a row, `interval_s` apart, failed.
        """
        self.failovers: list[Failover] = []
        self.trouble: str | None = None
        self._pair = pair
        self._changed = changed
        self._interval_s = interval_s
        self._failures = failures
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clinigate-failover", daemon=True)

    def __enter__(self) -> FailoverSupervisor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        failed = 0
        while not self._stop.wait(self._interval_s):
            failed = 0 if self._primary_answers() else failed + 1
            if failed >= self._failures:
                failed = 0
                try:
                    self._fail_over()
                    self.trouble = None
                except TargetError as error:
                    self.trouble = str(error)
                self._changed()

    def _primary_answers(self) -> bool:
        name = self._pair.primary
        return name is not None and _answers(self._pair.nodes[name].port)

    def _fail_over(self) -> None:
        pair = self._pair
        with pair.lock:
            if pair.primary is None or not pair.nodes[pair.standby].alive:
                raise TargetError("lab: the primary is lost and there is no standby to promote")
            detected = time.monotonic()
            lost, successor = pair.primary, pair.standby
            pair.primary = None
            kill_leftovers(pair.nodes[lost].data)
            fenced = time.monotonic()
            server = pair.nodes[successor]
            program = server.programs.program("pg_ctl")
            pair.lab.call([program, "promote", f"--pgdata={server.data}", "--wait"], cwd=pair.home)
            pair.primary = successor
            self.failovers.append(
                Failover(lost, successor, detected, fenced, promoted_s=time.monotonic())
            )


def _answers(port: int) -> bool:
    """Whether a server process comes to answer: the postmaster lives, and can start one.

    libpq's own ping would keep the whole interpreter waiting while a server is stopped.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_WITHIN_S) as link:
            link.settimeout(_ANSWER_WITHIN_S)
            link.sendall(_TLS_QUESTION)
            return link.recv(1) in (b"S", b"N")
    except OSError:
        return False
