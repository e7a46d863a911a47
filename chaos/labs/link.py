"""A chaos proxy as part of a lab: one TCP link that can be made to fail on command."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from clinigate.chaos.labs.processes import Lab, wait_until
from clinigate.chaos.proxy.address import Address
from clinigate.chaos.proxy.control import tell
from clinigate.errors import TargetError

__all__ = ["LabLink", "open_link"]

_READY_WITHIN_S = 30.0
_PROXY = (sys.executable, "-m", "clinigate.chaos.proxy")


@dataclass(frozen=True, slots=True)
class LabLink:
    """One link. Addresses are `host:port`; `control` takes the commands of the proxy."""

    name: str
    listen: str
    upstream: str
    control: str

    @property
    def port(self) -> int:
        """The port that clients connect to, on 127.0.0.1."""
        return Address.parse(self.listen).port

    def blackhole(self, ttl_s: float) -> None:
        """Let nothing through; ends by itself after `ttl_s` seconds."""
        tell(Address.parse(self.control), {"fault": "blackhole", "ttl_s": ttl_s})

    def delay(self, delay_s: float, ttl_s: float) -> None:
        """Make each answer late by `delay_s` seconds; ends by itself after `ttl_s`."""
        tell(Address.parse(self.control), {"fault": "latency", "delay_s": delay_s, "ttl_s": ttl_s})

    def clear(self) -> None:
        """Make the link whole again."""
        tell(Address.parse(self.control), {"fault": "clear"})


def open_link(lab: Lab, home: Path, name: str, upstream_port: int) -> LabLink:
    """Start a proxy to a port of the loopback; it ends with the lab.

    Raises:
        TargetError: it did not come up.
    """
    ready, log = home / f"{name}.ready", home / f"{name}.log"
    upstream = f"127.0.0.1:{upstream_port}"
    process = lab.start(
        (*_PROXY, f"--upstream={upstream}", f"--ready-file={ready}"),
        cwd=home,
        log=log,
        plain_user=False,
    )
    wait_until(lambda: ready.exists() or process.poll() is not None, within_s=_READY_WITHIN_S)
    if not ready.exists():
        last = log.read_text(errors="replace").splitlines()[-1:] or ["it printed nothing"]
        raise TargetError(f"lab: the proxy of link {name} did not start: {last[0]}")
    said = json.loads(ready.read_text())
    return LabLink(name, said["listen"], upstream, said["control"])
