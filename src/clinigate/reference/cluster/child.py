"""`python -m clinigate.reference.cluster.child ROLE SUPERVISOR`: one process of a cluster.

The supervisor alone starts it: standard input brings its part as one line of JSON, then updates;
on standard output it says in one line where it listens. It dies with its supervisor, also when
that is killed, and also while it is itself frozen.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from clinigate.reference.cluster.roles import (
    DeskPart,
    EntryPart,
    InferencePart,
    ReplicaPart,
    StorePart,
)
from clinigate.reference.resilience.lines import LineServer, Message, Push

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run one role until a signal, or until the supervisor is gone."""
    role, supervisor = sys.argv[1], int(sys.argv[2])
    _die_with(supervisor)
    os.umask(0o077)
    _ROLES[role](json.loads(sys.stdin.buffer.readline()))


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies in any way."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


def _say(**ready: Any) -> None:
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def _inference(data: Message) -> None:
    from clinigate.reference.cluster.readings import (
        assessment_to,
        card_to,
        emotion_to,
        turns_from,
    )
    from clinigate.reference.engine.models import fitted

    part = InferencePart.from_plain(data)
    engine = fitted(part.model)
    gc.freeze()  # it stays until the end

    async def handle(message: Message, _push: Push) -> Message:
        turns = turns_from(message["turns"])
        assessment, emotion = engine.assess(turns), engine.emotion(turns)
        return {"assessment": assessment_to(assessment), "emotion": emotion_to(emotion)}

    _serve(handle, part.port, part.secret, card=card_to(engine.card))


def _desk(data: Message) -> None:
    from clinigate.reference.crisis.desk import Desk

    part = DeskPart.from_plain(data)
    desk = Desk(Path(part.journal), name=part.name, resolve_after_s=part.resolve_after_s)
    _serve(desk.handle, part.port, part.secret)


def _store(data: Message) -> None:
    from clinigate.reference.records.sqlite_server import SqliteServer

    part = StorePart.from_plain(data)
    _serve(SqliteServer(Path(part.path)).handle, part.port, part.secret)


def _replica(data: Message) -> None:
    from clinigate.reference.cluster.replica import run_replica

    run_replica(ReplicaPart.from_plain(data), lambda port: _say(port=port))


def _entry(data: Message) -> None:
    from clinigate.reference.cluster.entry import run_entry

    part = EntryPart.from_plain(data)
    asyncio.run(run_entry(part, _updates(), lambda: _say(port=part.port)))


def _serve(
    handle: Callable[[Message, Push], Awaitable[Message]], port: int, secret: str, **more: Any
) -> None:
    async def run() -> None:
        server = LineServer(handle, secret=secret)
        await server.listen(port)
        _say(port=server.port, **more)
        await asyncio.Event().wait()

    asyncio.run(run())


def _updates() -> Callable[[Callable[[Message], None]], None]:
    """Return what passes on each further line of standard input, in the loop that runs then."""

    def subscribe(take: Callable[[Message], None]) -> None:
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(take, json.loads(line))

        threading.Thread(target=read, name="updates", daemon=True).start()

    return subscribe


_ROLES: dict[str, Callable[[Message], None]] = {
    "inference": _inference,
    "desk": _desk,
    "store": _store,
    "replica": _replica,
    "entry": _entry,
}

if __name__ == "__main__":
    main()
