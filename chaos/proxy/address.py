"""A host and a port, as `127.0.0.1:5432` or `[::1]:5432`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from clinigate.errors import UsageError

__all__ = ["Address"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a TCP socket listens or connects to; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, what: str = "address") -> Address:
        """Read `host:port`; `what` names the value in the error.

        Raises:
            UsageError: no port, a port beyond 65535, or an IPv6 address without brackets.
        """
        host, colon, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        bracketed = host != bare
        fits = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535
        if not colon or not bare or not fits or (":" in bare) != bracketed:
            raise UsageError(f"{what}: got {text!r}, wanted host:port as 127.0.0.1:5432")
        return cls(bare, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
