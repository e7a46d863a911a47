"""For `locust -f` with tools of one's own: a worker that plays what `clinigate load run` orders.

    locust -f .../clinigate/load/locustfile.py --worker --master-host HOST

The master is always `clinigate load run --expect-workers N --bind HOST:PORT`: profile, target and
seed come from it, and what the workers count goes back to it on Locust's own reports.
"""

from __future__ import annotations

from typing import Any

from locust import events
from locust.runners import WorkerRunner

from clinigate.load.engine.roles import attach_worker
from clinigate.load.engine.user import ConversationUser

__all__ = ["ConversationUser"]


@events.init.add_listener  # type: ignore[untyped-decorator]
def _join(runner: Any, **_: Any) -> None:
    if not isinstance(runner, WorkerRunner):
        raise SystemExit(
            "this locustfile is for workers; start the master with `clinigate load run "
            "--expect-workers N --bind HOST:PORT`"
        )
    attach_worker(runner)
