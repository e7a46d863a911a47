"""Start a cluster as processes of its own, know when it answers, and be sure that it ends."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from clinigate.errors import TargetError, UsageError
from clinigate.reference.cluster.settings import Settings
from clinigate.reference.cluster.topology import TOKEN_ENV
from clinigate.reference.extra import require_extra

__all__ = ["running_cluster"]

_STOP_S = 10.0


def running_cluster(
    replicas: int = 2,
    *,
    defects: Sequence[str] = (),
    directory: Path | None = None,
    records_dir: Path | None = None,
    model: str = "calibrator",
    dsn: str = "",
    cache_url: str = "",
    requests_per_minute: int = 0,
    tokens_per_s: float = 0.0,
    first_token_s: float = 0.0,
    resolve_after_s: float = 0.05,
    patience: float = 1.0,
    timeout_s: float = 60.0,
) -> AbstractContextManager[Path]:
    """Run a cluster for the length of a `with` block and yield the path of its topology file.

    It ends with the block, and also when this process dies in any way. For the length of the block
    the environment variable that the topology names holds a bearer token for everything.

    The arguments are those of `cluster.settings.Settings`; without a `directory` its files go to a
    temporary folder that goes with the block. `timeout_s` is how long the start may take.

    Raises, as the block begins:
        UsageError: an unknown defect, or a setting that makes no sense.
        TargetError: it did not start; the message has its own words.
    """
    settings = partial(
        Settings,
        replicas=replicas,
        model=model,
        defects=defects,
        records_dir=records_dir,
        dsn=dsn,
        cache_url=cache_url,
        requests_per_minute=requests_per_minute,
        tokens_per_s=tokens_per_s,
        first_token_s=first_token_s,
        resolve_after_s=resolve_after_s,
        patience=patience,
    )
    return _running(settings, directory, timeout_s)


@contextmanager
def _running(
    settings: Callable[[Path], Settings], directory: Path | None, timeout_s: float
) -> Iterator[Path]:
    if not sys.platform.startswith("linux"):
        raise UsageError("a reference cluster needs Linux: it holds on to processes by /proc")
    require_extra()
    with contextlib.ExitStack() as stack:
        if directory is None:
            temporary = tempfile.TemporaryDirectory(prefix="clinigate-cluster-")
            directory = Path(stack.enter_context(temporary))
        wanted = settings(directory.absolute())
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = stack.enter_context(_supervised(wanted, timeout_s))
        entry = json.loads(path.read_text(encoding="utf-8"))["entry"]
        token = Path(entry["token_file"]).read_text(encoding="ascii")
        stack.enter_context(_environment(TOKEN_ENV, token))
        yield path


@contextmanager
def _supervised(settings: Settings, timeout_s: float) -> Iterator[Path]:
    command = [sys.executable, "-P", "-m", "clinigate.reference.cluster.supervisor"]
    with (settings.directory / "supervisor.stderr").open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and no option at all
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # Ctrl-C at a terminal is for who runs the cluster: it ends when that lets go of it.
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(settings.to_plain()).encode() + b"\n")
        process.stdin.flush()
        yield _topology(process, timeout_s)
    finally:
        _end(process)


def _topology(process: subprocess.Popen[bytes], timeout_s: float) -> Path:
    said = _first_line(process, time.monotonic() + timeout_s)
    if not said:
        raise TargetError(f"reference cluster: not ready within {timeout_s:g} s")
    answer = json.loads(said)
    if "error" in answer:
        raise TargetError(f"reference cluster: {answer['error']}")
    return Path(answer["topology"])


def _first_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return b""
            piece = process.stdout.read1(65536)  # type: ignore[attr-defined]
            if not piece:
                raise TargetError("reference cluster: its supervisor ended; see supervisor.stderr")
            said += piece
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    process.stdout.close()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
