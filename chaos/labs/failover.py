"""The pair as a running system: supervised, described by a topology file, and put whole again.

`python -m clinigate.chaos.labs.failover --topology FILE` runs one in the foreground, so that
`clinigate chaos run db-failover-async --topology FILE` finds it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from clinigate.chaos.labs import keeper
from clinigate.chaos.labs.control import LabControl, tell_lab
from clinigate.chaos.labs.markers import TABLE
from clinigate.chaos.labs.pair import NODES, PairDefect, PostgresPair, ask, postgres_pair
from clinigate.chaos.labs.processes import wait_until
from clinigate.chaos.labs.supervisor import FailoverSupervisor
from clinigate.chaos.model import Experiment
from clinigate.errors import ClinigateError, TargetError, UsageError

__all__ = ["failover_lab", "lab_of", "restore", "restored"]

SCHEMA = "clinigate.topology/1"
_SERVES_WITHIN_S = 60.0


@contextmanager
def failover_lab(
    topology: Path | None = None,
    *,
    sync: bool = False,
    defect: PairDefect | None = None,
    fsync: bool = True,
) -> Iterator[Path]:
    """Start a supervised pair; yield the path of its topology file, which its owner alone can read.

    Args:
        topology: where the file goes; None is a place of the lab's own.
        sync: whether a commit waits for the standby's confirmation.
        defect: what it does wrong.
        fsync: whether commits wait for the disk.

    Raises:
        UsageError: PostgreSQL cannot be started here. TargetError: it did not come up.
    """
    with postgres_pair(sync=sync, defect=defect, fsync=fsync) as pair:
        path = topology or pair.home / "topology.json"
        control = pair.home / "control"
        ask(pair.nodes[NODES[0]], "CREATE SCHEMA clinigate_chaos")
        ask(pair.nodes[NODES[0]], f"CREATE TABLE {TABLE} (run text, number bigint)")

        def publish() -> None:
            _write(path, _describe(pair, supervisor, control))

        def put_whole() -> Mapping[str, Any]:
            try:
                _put_whole(pair)
            finally:
                publish()
            return {}

        supervisor = FailoverSupervisor(pair, changed=publish)
        orders = {"restore": put_whole, "status": lambda: {"whole": pair.is_whole()}}
        publish()
        try:
            with supervisor, LabControl(control, orders):
                yield path
        finally:
            path.unlink(missing_ok=True)


def lab_of(experiment: Experiment, defect: str | None = None) -> AbstractContextManager[Path]:
    """The lab that an experiment of driver `postgres-local` is meant for; see `failover_lab`.

    Args:
        experiment: its fault's parameter `mode` says how the pair replicates.
        defect: a `PairDefect`.

    Raises:
        UsageError: a defect that a pair does not have.
    """
    known = [each.value for each in PairDefect]
    if defect is not None and defect not in known:
        raise UsageError(f"a PostgreSQL pair has no defect {defect!r}; it has {', '.join(known)}")
    sync = experiment.fault.parameters.get("mode") == "sync"
    return failover_lab(sync=sync, defect=None if defect is None else PairDefect(defect))


def restore(args: Mapping[str, Any]) -> None:
    """Undo step: rebuild the lost server as standby, clear the link; nothing where all is whole.

    `args`: {"control": path of the lab's socket}. A lab that is gone took its faults with it.

    Raises:
        TargetError: the lab could not put itself whole again.
    """
    tell_lab(Path(str(args["control"])), "restore")


def restored(args: Mapping[str, Any]) -> bool:
    """Whether a primary serves and a standby streams from it, or the lab is gone."""
    said = tell_lab(Path(str(args["control"])), "status")
    return said is None or bool(said["whole"])


def _put_whole(pair: PostgresPair) -> None:
    for link in pair.links.values():
        link.clear()
    # The supervisor may not have noticed yet what this undoes.
    if not wait_until(lambda: _serves(pair), within_s=_SERVES_WITHIN_S):
        raise TargetError("lab: no node serves; the standby was not promoted")
    with pair.lock:
        if not pair.nodes[pair.standby].alive or not pair.is_whole():
            pair.attach_standby()


def _serves(pair: PostgresPair) -> bool:
    with pair.lock:
        return pair.primary is not None and pair.nodes[pair.primary].alive


def _describe(
    pair: PostgresPair, supervisor: FailoverSupervisor, control: Path
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": "postgres-pair",
        "environment": "local",
        "entry": {"url": f"postgresql://127.0.0.1:{pair.nodes[NODES[0]].port}", "dsn": pair.dsn},
        "mode": "sync" if pair.sync else "async",
        "version": pair.nodes[pair.primary or NODES[0]].version,
        "control": str(control),
        "processes": [],
        "links": [
            {
                "name": link.name,
                "labels": {"link": "replication", "to": node},
                "listen": link.listen,
                "upstream": link.upstream,
                "control": link.control,
            }
            for node, link in pair.links.items()
        ],
        "databases": [_database(pair, name) for name in NODES if pair.nodes[name].alive],
        "failovers": [
            {
                "lost": each.lost,
                "promoted": each.promoted,
                "detected_s": each.detected_s,
                "fenced_s": each.fenced_s,
                "promoted_s": each.promoted_s,
            }
            for each in supervisor.failovers
        ],
        "trouble": supervisor.trouble,
    }


def _database(pair: PostgresPair, name: str) -> dict[str, object]:
    server = pair.nodes[name]
    role = "primary" if name == pair.primary else "standby"
    return {
        "name": name,
        "labels": {"app": "db", "role": role},
        "dsn": server.dsn,
        "port": server.port,
        "pid": server.pid,
        "start_ticks": keeper.start_ticks(server.pid),
    }


def _write(path: Path, topology: dict[str, object]) -> None:
    """Replace the file whole; it holds passwords."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump(topology, file)
    Path(file.name).replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Run a supervised pair until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.labs.failover")
    parser.add_argument("--topology", type=Path, required=True, help="file to describe it in")
    parser.add_argument("--sync", action="store_true", help="commits wait for the standby")
    parser.add_argument("--defect", choices=[each.value for each in PairDefect])
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    defect = PairDefect(options.defect) if options.defect else None
    try:
        with failover_lab(options.topology, sync=options.sync, defect=defect) as path:
            sys.stdout.write(f"a primary and its standby run; {path} describes them. End: Ctrl-C\n")
            sys.stdout.flush()
            stop.wait()
    except ClinigateError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
