"""Start localkube as a process of its own, and stop it with all of its pods."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from clinigate.errors import MissingExtraError, TargetError

__all__ = ["LocalKube", "running_localkube"]

_START_S = 30.0
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class LocalKube:
    """A running localkube.

    Attributes:
        kubeconfig: for clients, with the administrator's token.
        state: folder with the kubeconfig and the pods' output.
        pid: its process.
    """

    kubeconfig: Path
    state: Path
    pid: int


@contextmanager
def running_localkube(*, second_s: float = 1.0) -> Iterator[LocalKube]:
    """A localkube that serves; it and its pods are gone at the end, whatever happens.

    Args:
        second_s: how long a second of the pods' life (probes, pauses after a crash, graces) lasts.
            Anything but 1 is for tests of the API; a recovery time measured there means nothing.

    Raises:
        MissingExtraError: aiohttp is not installed.
        TargetError: it did not start; its own last words are in the message.
    """
    try:
        import aiohttp  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingExtraError("localkube", "chaos") from error
    with TemporaryDirectory(prefix="localkube-") as folder:
        state = Path(folder)
        command = [sys.executable, "-m", "clinigate.chaos.localkube", "--state", folder]
        command += ["--second", str(second_s)]
        with (state / "server.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield LocalKube(_wait_ready(process, state), state, process.pid)
        finally:
            _stop(process)


def _wait_ready(process: subprocess.Popen[bytes], state: Path) -> Path:
    kubeconfig = state / "kubeconfig"
    deadline = time.monotonic() + _START_S
    while not kubeconfig.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            words = (state / "server.log").read_text(encoding="utf-8", errors="replace")
            last = words.strip().splitlines()[-1:] or ["it said nothing"]
            raise TargetError(f"localkube did not start: {last[0]}")
        time.sleep(0.02)
    return kubeconfig


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()  # its pods die with it: the kernel kills them when their parent is gone
        process.wait()
