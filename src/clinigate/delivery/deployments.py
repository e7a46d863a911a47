"""Deployments as the pipeline told them, in the ledger: appended, chained, never rewritten.

A deployment that was never told of is in no figure. So the pipeline tells of each one by itself,
and the figures say on how many they rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.times import parse_timestamp, timestamp

__all__ = ["RECORD", "Deployment", "Ended", "read_deployments", "record_deployment"]

#: Type of the ledger's records.
RECORD = "deployment"
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Ended(StrEnum):
    """How a deployment ended.

    `SUCCEEDED`: it has the traffic. `FAILED`: it never got any. `ROLLED_BACK`: it got some, and it
    was taken back. `DEGRADED`: said later of one that succeeded: patients were worse off, and it
    had to be repaired.
    """

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One that ended, or a later word on one.

    Attributes:
        at: when it ended. ended: how. commit: of the source.
        committed_at: when that was committed; None where nobody told.
        since: when it got traffic or, of a degraded one, when patients were first worse off.
    """

    at: datetime
    ended: Ended
    commit: str
    committed_at: datetime | None = None
    since: datetime | None = None

    def __post_init__(self) -> None:
        if not _COMMIT.fullmatch(self.commit):
            raise UsageError(
                f"commit: got {self.commit[:80]!r}, wanted 7 to 64 lower-case hex digits"
            )
        for name in ("committed_at", "since"):
            moment = getattr(self, name)
            if moment is not None and moment > self.at:
                raise UsageError(
                    f"{name.replace('_', '-')}: {timestamp(moment)} is after the end of the "
                    f"deployment, {timestamp(self.at)}"
                )


def record_deployment(ledger: Ledger, deployment: Deployment) -> None:
    """Append a deployment to the ledger; it cannot be taken out again.

    Raises:
        IntegrityError: the ledger on disk was edited, cut or rolled back.
        EvidenceError: the disk refuses, or another process writes for too long.
    """
    body: dict[str, Any] = {
        "at": timestamp(deployment.at),
        "commit": deployment.commit,
        "ended": str(deployment.ended),
    }
    for name in ("committed_at", "since"):
        moment = getattr(deployment, name)
        if moment is not None:
            body[name] = timestamp(moment)
    ledger.append(RECORD, run=None, body=body)


def read_deployments(directories: Iterable[Path]) -> tuple[Deployment, ...]:
    """Return the deployments of several ledgers, oldest first; the same one told twice counts once.

    Raises:
        IntegrityError: a ledger was edited or cut, or holds a deployment that is none.
        EvidenceError: one cannot be read.
    """
    found = {
        _parsed(record.body, f"{directory.name}: record {record.seq}")
        for directory in directories
        for record in read_ledger(directory).chain.records
        if record.type == RECORD
    }
    return tuple(sorted(found, key=lambda each: (each.at, each.ended, each.commit)))


def _parsed(body: Mapping[str, Any], where: str) -> Deployment:
    try:
        return Deployment(
            at=parse_timestamp(body["at"]),
            ended=Ended(body["ended"]),
            commit=body["commit"],
            committed_at=_moment(body, "committed_at"),
            since=_moment(body, "since"),
        )
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise IntegrityError(f"{where}: no deployment: {error}") from error


def _moment(body: Mapping[str, Any], name: str) -> datetime | None:
    return parse_timestamp(body[name]) if name in body else None
