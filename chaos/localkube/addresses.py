"""Loopback addresses for pods and services: one /24 of 127.0.0.0/8 for each running localkube."""

from __future__ import annotations

import os
import socket

from clinigate.errors import TargetError

__all__ = ["Addresses"]

_CLAIM_PORT = 6443
_PODS = range(1, 190)
_SERVICES = range(190, 250)


class Addresses:
    """Hands out addresses; a listening socket on the subnet's last address claims it for us.

    Raises:
        TargetError: no subnet is free, or this system has only one loopback address (Linux has
            a whole network).
    """

    def __init__(self) -> None:
        self._claim, self._prefix = _claim_subnet()
        self._used: set[int] = set()
        self._last_pod = 0

    def pod(self) -> str:
        """An address for a pod; those of the dead come round again as late as possible."""
        order = [*_PODS[self._last_pod :], *_PODS[: self._last_pod]]
        number = self._take(order, "pods")
        self._last_pod = number
        return f"{self._prefix}.{number}"

    def service(self) -> str:
        """An address for a service."""
        return f"{self._prefix}.{self._take(_SERVICES, 'services')}"

    def _take(self, order: range | list[int], what: str) -> int:
        for number in order:
            if number not in self._used:
                self._used.add(number)
                return number
        raise TargetError(f"localkube has no address left for {what}; delete some first")

    def release(self, address: str) -> None:
        """Give an address back."""
        self._used.discard(int(address.rpartition(".")[2]))

    def close(self) -> None:
        """Give the subnet back."""
        self._claim.close()


def _claim_subnet() -> tuple[socket.socket, str]:
    start = os.getpid()
    for step in range(4096):
        number = (start + step) % 4096
        prefix = f"127.{64 + number // 256}.{number % 256}"
        claim = socket.socket()
        try:
            claim.bind((f"{prefix}.254", _CLAIM_PORT))
            claim.listen(1)
        except OSError:
            claim.close()
            continue
        return claim, prefix
    raise TargetError(
        "localkube found no loopback subnet of its own in 127.64.0.0/12; it needs Linux, "
        "where all of 127.0.0.0/8 is local"
    )
