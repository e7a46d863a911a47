"""Where a ledger was made: process ids mean something in their own host and pid namespace only."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["elsewhere", "this_place"]

#: Their undo steps go to an API, wherever they are called.
_ANYWHERE = frozenset({"kubernetes", "localkube"})


def this_place() -> dict[str, str]:
    """Boot id, host name and pid namespace of this process; empty where /proc does not say."""
    return {"boot": _boot_id(), "host": platform.node(), "pid_namespace": _pid_namespace()}


def elsewhere(planned: Mapping[str, Any]) -> str | None:
    """Why the processes that a ledger's plan is about cannot be seen from here; None if they can.

    Within one boot the pid namespace decides; after a boot, which ended all processes, the host. A
    plan that does not say where it was made is taken to be from here.
    """
    here = this_place()
    if planned.get("driver") in _ANYWHERE:
        return None
    key = "pid_namespace" if planned.get("boot", "") == here["boot"] else "host"
    made = planned.get(key, "")
    if not made or not here[key] or made == here[key]:
        return None
    name = key.replace("_", " ")
    return (
        f"it was made on host {planned.get('host', '')!r} in {name} {made!r}, and this is "
        f"{here[key]!r}, from where its processes cannot be seen; run `clinigate chaos recover` "
        "there, or remove the file once that place is gone for good"
    )


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
