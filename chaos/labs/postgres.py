"""A PostgreSQL server of one's own on loopback, in a directory that goes when it does.

The programs come from Debian's packages, from PATH or from the `pgserver` wheel. PostgreSQL
refuses to run as root; started by root, it runs as `postgres` (or `nobody`).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from clinigate.chaos.labs import keeper
from clinigate.chaos.labs.processes import Lab, free_port, unprivileged_user, wait_until
from clinigate.errors import TargetError, UsageError

__all__ = [
    "PostgresPrograms",
    "PostgresServer",
    "find_programs",
    "initialise",
    "kill_leftovers",
    "kill_server",
    "launch",
    "postgres_missing",
    "postgres_server",
    "running_postgres",
]

USER = "clinigate"
DATABASE = "postgres"
_READY_WITHIN_S = 60.0
_GONE_WITHIN_S = 5.0
_PORT_TRIES = 5
_IPC_RMID = 0
#: What a lab needs beyond PostgreSQL's defaults: loopback only, little memory, nothing in /dev/shm.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """Where PostgreSQL's programs are. `source`: `debian`, `path` or `pgserver`."""

    directory: Path
    source: str

    def program(self, name: str) -> str:
        """Path of one program, as `initdb`."""
        return str(self.directory / name)


@dataclass(slots=True)
class PostgresServer:
    """One running server.

    Attributes:
        port: where it listens on 127.0.0.1.
        data: its data directory.
        password: of the superuser `clinigate`; a secret, for the DSN alone.
        process: the postmaster, once launched.
    """

    lab: Lab
    programs: PostgresPrograms
    data: Path
    password: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        """The connection string; it holds the password, so it belongs in no evidence."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        assert self.process is not None
        return self.process.pid

    @property
    def version(self) -> str:
        """Major version, as `15`."""
        return (self.data / "PG_VERSION").read_text().strip()

    @property
    def alive(self) -> bool:
        """Whether the postmaster runs."""
        return self.process is not None and self.process.poll() is None

    def log_tail(self, lines: int = 3) -> str:
        """The last lines of its log, on one line."""
        log = self.data.parent / f"{self.data.name}.log"
        if not log.exists():
            return "no log"
        return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """As `kill_server`; its process is waited for."""
        assert self.process is not None
        ticks = keeper.start_ticks(self.pid)
        if self.process.poll() is None and ticks is not None:
            kill_server(self.pid, ticks)
            self.process.wait()
            kill_leftovers(self.data)


def kill_server(pid: int, start_ticks: int) -> bool:
    """SIGKILL a postmaster and all its children, as a host that loses its power.

    With the postmaster alone gone, a backend acknowledges a few more commits; so it is stopped
    first (it can start no more children), then all that works in the data directory is killed.
    Returns at once: who was sent SIGKILL does nothing more, however late a busy host lets it die.
    From any process with the right to signal it. False where it is gone already: a process with
    another start time is never touched.

    Raises:
        TargetError: it is no postmaster, and whatever works where it works is not a server's.
    """
    if keeper.start_ticks(pid) != start_ticks:
        return False
    data = Path(f"/proc/{pid}/cwd").readlink()
    if not _is_postmaster_of(data, pid):
        raise TargetError(
            f"process {pid} is no PostgreSQL server: {data} has no postmaster.pid that names it; "
            "name the server's own pid in the topology"
        )
    keeper.send(pid, signal.SIGSTOP)
    _kill_all(data, and_also=keeper.children(pid))
    return True


def kill_leftovers(data: Path) -> None:
    """SIGKILL whatever works in a data directory, as backends whose postmaster is gone; wait.

    A server's processes have their data directory as working directory. Its guard segment of
    shared memory, which a killed server leaves behind, is removed.
    """
    family = _kill_all(data)
    wait_until(
        lambda: all(keeper.start_ticks(pid) is None for pid in family), within_s=_GONE_WITHIN_S
    )
    _free_shared_memory(data)


def find_programs() -> PostgresPrograms | None:
    """Find PostgreSQL's programs: the newest of Debian's, then PATH, then the pgserver wheel."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(versions, key=lambda path: _number(path.parent.parent.name))
    if newest:
        return PostgresPrograms(newest[-1].parent, "debian")
    if (found := shutil.which("postgres")) and shutil.which("initdb"):
        return PostgresPrograms(Path(found).resolve().parent, "path")
    spec = importlib.util.find_spec("pgserver")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "pginstall" / "bin"
        if (bundled / "postgres").exists():
            return PostgresPrograms(bundled, "pgserver")
    return None


def postgres_missing() -> str | None:
    """Why no PostgreSQL can be started here, in one sentence; None when it can."""
    if find_programs() is None:
        return (
            "no PostgreSQL programs here; install the Debian package `postgresql` "
            "or `pip install pgserver`"
        )
    if os.geteuid() == 0 and unprivileged_user() is None:
        return "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`"
    return None


def initialise(lab: Lab, programs: PostgresPrograms, *, fsync: bool = True) -> PostgresServer:
    """Create a data directory with one superuser whose password is random; start nothing.

    `fsync=False` is for tests that ask nothing about durability or speed.
    """
    home = lab.directory()
    password = secrets.token_urlsafe(18)
    secret = lab.private_file(home / "password", password)
    data = home / "data"
    who = (f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={secret}")
    form = ("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
    lab.call([programs.program("initdb"), f"--pgdata={data}", *who, *form], cwd=home)
    secret.unlink()
    settings = {**_SETTINGS, "fsync": "on" if fsync else "off"}
    return PostgresServer(lab, programs, data, password, settings=settings)


def launch(server: PostgresServer, *, port: int | None = None) -> None:
    """Start the server and wait until it takes connections; a chosen port may be lost to another.

    Raises:
        TargetError: it did not come up; the end of its log is in the message.
    """
    for attempt in range(_PORT_TRIES):
        server.port = free_port() if port is None else port
        if _came_up(server):
            return
        taken = "Address already in use" in server.log_tail(6)
        if port is not None or not taken or attempt == _PORT_TRIES - 1:
            break
    raise TargetError(f"lab: PostgreSQL did not start: {server.log_tail()}")


@contextmanager
def running_postgres(
    *, fsync: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Start a plain server; yield it; all that it was ends with the context.

    Args:
        fsync: whether commits wait for the disk, as PostgreSQL's default is.
        settings: further settings of postgresql.conf.

    Raises:
        UsageError: PostgreSQL cannot be started here (`postgres_missing` says why beforehand).
        TargetError: it was started and did not come up.
    """
    reason = postgres_missing()
    programs = find_programs()
    if reason is not None or programs is None:
        raise UsageError(reason or "no PostgreSQL programs here")
    with Lab() as lab:
        server = initialise(lab, programs, fsync=fsync)
        server.settings.update(settings or {})
        launch(server)
        yield server


@contextmanager
def postgres_server(
    *, fsync: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Start a plain server; yield its DSN. Arguments and errors as `running_postgres`."""
    with running_postgres(fsync=fsync, settings=settings) as server:
        yield server.dsn


def _kill_all(data: Path, *, and_also: tuple[int, ...] = ()) -> set[int]:
    family = {*and_also, *_working_in(data)}
    for pid in family:
        keeper.send(pid, signal.SIGKILL)
    return family


def _working_in(data: Path) -> set[int]:
    home, found = data.resolve(), set()
    for entry in Path("/proc").glob("[0-9]*"):
        # Gone meanwhile, or of another user.
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == home:
                found.add(int(entry.name))
    return found


def _is_postmaster_of(data: Path, pid: int) -> bool:
    try:
        return (data / "postmaster.pid").read_text().split("\n", 1)[0].strip() == str(pid)
    except OSError:
        return False


def _free_shared_memory(data: Path) -> None:
    try:
        segment = int((data / "postmaster.pid").read_text().splitlines()[6].split()[1])
    except (OSError, IndexError, ValueError):
        return
    ctypes.CDLL(None).shmctl(segment, _IPC_RMID, None)


def _came_up(server: PostgresServer) -> bool:
    options = [f"-c{name}={value}" for name, value in server.settings.items()]
    process = server.lab.start(
        [server.programs.program("postgres"), "-D", str(server.data), f"-p{server.port}", *options],
        cwd=server.data,
        log=server.data.parent / f"{server.data.name}.log",
        # Immediate shutdown: what is thrown away needs no checkpoint.
        stop=signal.SIGQUIT,
    )
    server.process = process
    status = server.data / "postmaster.pid"
    wait_until(
        lambda: process.poll() is not None or _is_ready(status, process.pid),
        within_s=_READY_WITHIN_S,
    )
    return process.poll() is None and _is_ready(status, process.pid)


def _is_ready(status: Path, pid: int) -> bool:
    """Whether the postmaster's own status line says so; `pg_ctl -w` reads the same."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
