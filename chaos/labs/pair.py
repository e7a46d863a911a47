"""A PostgreSQL primary with a streaming standby, and what fails over between them.

Two servers on loopback; the standby receives the primary's log through a chaos proxy, so that
replication can be partitioned alone. A small supervisor (`clinigate.chaos.labs.supervisor`) detects
the loss of the primary, fences it and promotes the standby. Undoing the loss of a server means
rebuilding it as the standby of the one that serves now, as an operator would; the lab as a whole is
thrown away with its context.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from clinigate.chaos.labs.link import LabLink, open_link
from clinigate.chaos.labs.postgres import (
    DATABASE,
    USER,
    PostgresServer,
    find_programs,
    initialise,
    kill_leftovers,
    launch,
    postgres_missing,
)
from clinigate.chaos.labs.processes import Lab, wait_until
from clinigate.errors import TargetError, UsageError

__all__ = ["PairDefect", "PostgresPair", "other", "postgres_pair"]

_STREAMING_WITHIN_S = 60.0
#: Each look opens a connection.
_LOOK_EVERY_S = 0.1
#: With the default of 5 s a promotion takes 0.1 s or 5.1 s, by chance.
_RETRY_INTERVAL = "200ms"
NODES = ("node-a", "node-b")


class PairDefect(StrEnum):
    """What the pair does wrong when asked to, to prove that an experiment notices.

    `KEEPS_SYNCHRONOUS_STANDBY`: the promoted standby keeps the primary's
    `synchronous_standby_names`. That names the standby, so nothing will ever confirm a commit:
    each one hangs, for good.
    """

    KEEPS_SYNCHRONOUS_STANDBY = "keeps-synchronous-standby"


@dataclass(slots=True)
class PostgresPair:
    """Both servers, by node, and who serves.

    Attributes:
        sync: whether a commit waits for the standby.
        primary: name of the node that serves; None while none does.
        links: replication links by the node that they lead to.
        lock: held while roles change.
    """

    lab: Lab
    home: Path
    nodes: dict[str, PostgresServer]
    sync: bool
    defect: PairDefect | None = None
    primary: str | None = NODES[0]
    links: dict[str, LabLink] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def dsn(self) -> str:
        """Where clients connect: whichever node takes writes. It holds the password."""
        hosts = ",".join(f"127.0.0.1:{self.nodes[name].port}" for name in NODES)
        options = "target_session_attrs=read-write&connect_timeout=2"
        return f"postgresql://{USER}:{self._password}@{hosts}/{DATABASE}?{options}"

    @property
    def standby(self) -> str:
        """Name of the node that does not serve."""
        return other(self.primary or NODES[0])

    @property
    def _password(self) -> str:
        return self.nodes[NODES[0]].password

    def attach_standby(self) -> None:
        """Build the other node anew from the primary, start it, and wait until it streams.

        Raises:
            TargetError: nobody serves, or it did not come to stream.
        """
        with self.lock:
            if self.primary is None:
                raise TargetError("lab: no node serves, so no standby can be built")
            primary, standby = self.nodes[self.primary], self.nodes[self.standby]
            if self.primary not in self.links:
                name = f"replication-to-{self.primary}"
                self.links[self.primary] = open_link(self.lab, self.home, name, primary.port)
            kill_leftovers(standby.data)
            shutil.rmtree(standby.data, ignore_errors=True)
            self._copy(primary, standby)
            self._configure(standby)
            launch(standby, port=standby.port or None)
            if not _comes_to_hold(self.is_whole):
                raise TargetError(f"lab: the standby does not stream: {standby.log_tail()}")
            # A promoted standby that kept its names is left with them: that is the defect.
            if self.sync and ask(primary, "SHOW synchronous_standby_names") == [("",)]:
                self._confirm_by_standby(primary)

    def is_whole(self) -> bool:
        """Whether the standby receives the primary's log at this moment."""
        query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        with self.lock:
            rows = None if self.primary is None else ask(self.nodes[self.primary], query)
        return rows == [(1,)]

    def _copy(self, primary: PostgresServer, standby: PostgresServer) -> None:
        program = primary.programs.program("pg_basebackup")
        source = ("--host=127.0.0.1", f"--port={primary.port}", f"--username={USER}")
        how = ("--no-password", "--checkpoint=fast", "--wal-method=stream", "--no-sync")
        self.lab.call(
            [program, f"--pgdata={standby.data}", *source, *how],
            cwd=self.home,
            secrets={"PGPASSWORD": self._password},
        )

    def _configure(self, standby: PostgresServer) -> None:
        """Make the copy a standby; what the primary was set to comes with a copy."""
        assert self.primary is not None
        link = self.links[self.primary]
        source = f"host=127.0.0.1 port={link.port} user={USER} password={self._password}"
        lines = [
            f"primary_conninfo = '{source} application_name={self.standby}'",
            f"wal_retrieve_retry_interval = {_RETRY_INTERVAL}",
        ]
        if self.sync and self.defect is PairDefect.KEEPS_SYNCHRONOUS_STANDBY:
            lines.append(f"synchronous_standby_names = '\"{self.standby}\"'")
        automatic = standby.data / "postgresql.auto.conf"
        automatic.unlink(missing_ok=True)
        self.lab.private_file(automatic, "\n".join(lines) + "\n")
        self.lab.private_file(standby.data / "standby.signal", "")

    def _confirm_by_standby(self, primary: PostgresServer) -> None:
        ask(primary, f"ALTER SYSTEM SET synchronous_standby_names = '\"{self.standby}\"'")
        ask(primary, "SELECT pg_reload_conf()")
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        if not _comes_to_hold(lambda: ask(primary, query) == [(1,)]):
            raise TargetError("lab: the standby does not confirm commits")


def _comes_to_hold(condition: Callable[[], bool]) -> bool:
    return wait_until(condition, within_s=_STREAMING_WITHIN_S, every_s=_LOOK_EVERY_S)


def other(node: str) -> str:
    """The other one of the two nodes."""
    return NODES[1] if node == NODES[0] else NODES[0]


def ask(server: PostgresServer, query: str) -> list[tuple[Any, ...]] | None:
    """Rows of one statement, [] where it gives none; None where the server does not answer."""
    import psycopg

    try:
        with psycopg.connect(server.dsn, autocommit=True, connect_timeout=2) as link:
            cursor = link.execute(query)
            return [] if cursor.description is None else cursor.fetchall()
    except psycopg.OperationalError:
        return None


@contextmanager
def postgres_pair(
    *, sync: bool = False, defect: PairDefect | None = None, fsync: bool = True
) -> Iterator[PostgresPair]:
    """Start a primary with its streaming standby; nobody watches over them yet.

    `clinigate.chaos.labs.failover.failover_lab` adds the supervisor and the topology file.

    Args:
        sync: whether a commit waits for the standby's confirmation.
        defect: what it does wrong.
        fsync: whether commits wait for the disk.

    Raises:
        UsageError: PostgreSQL cannot be started here. TargetError: it did not come up.
    """
    reason = postgres_missing()
    programs = find_programs()
    if reason is not None or programs is None:
        raise UsageError(reason or "no PostgreSQL programs here")
    with Lab() as lab:
        first = initialise(lab, programs, fsync=fsync)
        home = first.data.parent
        first.data = first.data.rename(home / NODES[0])
        second = PostgresServer(
            lab, programs, home / NODES[1], first.password, settings=first.settings
        )
        pair = PostgresPair(lab, home, {NODES[0]: first, NODES[1]: second}, sync, defect)
        launch(first)
        pair.attach_standby()
        yield pair
