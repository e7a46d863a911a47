"""Leading connections to one address through a proxy that their clients know nothing of.

An nftables table of its own sends what this machine opens to the address to the proxy, while the
address is in a set whose elements expire in the kernel: with nothing left alive, new connections go
straight again. The proxy's own connections carry a mark that is let through. Needs root (the
capability NET_ADMIN) and the program `nft`; IPv4. Connections that stood before go on as they are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

from clinigate.chaos.proxy.address import Address
from clinigate.errors import TargetError

__all__ = ["MARK", "begin", "end", "missing", "stands", "table_of"]

#: Of the proxy's own packets; any number that no other rule of the machine uses.
MARK = 0xC1A05
_TIMEOUT_S = 10.0


def table_of(address: Address) -> str:
    """Name of the table for `address`: the same in each process."""
    return f"clinigate_{hashlib.sha256(str(address).encode()).hexdigest()[:12]}"


def missing() -> str | None:
    """Why connections cannot be diverted here; None where they can."""
    if os.geteuid() != 0:
        return "leading connections through a transparent proxy needs root (NET_ADMIN)"
    if shutil.which("nft") is None:
        return "leading connections through a transparent proxy needs the program nft (nftables)"
    return None


def begin(address: Address, *, through_port: int, ttl_s: float) -> None:
    """Divert new connections to `address` to the loopback's `through_port` for `ttl_s` seconds.

    Raises:
        TargetError: the kernel or nft refused.
    """
    table = table_of(address)
    _nft(
        f"add table ip {table}\n"
        f"delete table ip {table}\n"
        f"table ip {table} {{\n"
        f" set diverted {{ type ipv4_addr . inet_service; flags timeout;\n"
        f"  elements = {{ {address.host} . {address.port} timeout {round(ttl_s * 1000)}ms }}\n }}\n"
        f" chain out {{ type nat hook output priority -100;\n"
        f"  meta mark {MARK} return\n"
        f"  ip daddr . tcp dport @diverted redirect to :{through_port}\n }}\n"
        f"}}\n"
    )


def end(address: Address) -> None:
    """Divert no longer; nothing happens where nothing is diverted.

    Raises:
        TargetError: the kernel or nft refused.
    """
    _nft(f"add table ip {table_of(address)}\ndelete table ip {table_of(address)}\n")


def stands(address: Address) -> bool:
    """Whether new connections to `address` are diverted now."""
    found = _run(["list", "set", "ip", table_of(address), "diverted"])
    return found.returncode == 0 and "elements" in found.stdout


def _nft(rules: str) -> None:
    done = _run(["-f", "-"], rules)
    if done.returncode != 0:
        raise TargetError(f"nft refused to divert connections: {done.stderr.strip()}")


def _run(arguments: list[str], said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - arguments of ours, and no shell
        ["nft", *arguments],  # noqa: S607 - where the system keeps it
        input=said,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
