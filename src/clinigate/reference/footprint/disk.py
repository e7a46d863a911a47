"""The footprint of a service by itself, in files beside its records.

`access.log` (rotated to `access.log.1.gz`), `errors.log`, `spans.jsonl`, `cache.json` and
`backups/`. Each place has the fault that a real service has there, for the defects of
`clinigate.reference.spilling`; without one of these no file holds anything of a patient.
"""

from __future__ import annotations

import json
import threading
import traceback
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.types import Scope

from clinigate.core.case import Turn
from clinigate.reference.defect import Spill
from clinigate.reference.footprint.backup import back_up
from clinigate.reference.footprint.files import Lines
from clinigate.reference.footprint.port import Exchange, Footprint
from clinigate.reference.footprint.provider import Provider
from clinigate.reference.ports import Answer
from clinigate.reference.records.store import Store
from clinigate.reference.service import Clock
from clinigate.reference.web.problems import Problem

__all__ = ["ACCESS_LOG", "BACKUPS", "CACHE", "ERROR_LOG", "SPANS", "OnDisk"]

ACCESS_LOG = "access.log"
ERROR_LOG = "errors.log"
SPANS = "spans.jsonl"
CACHE = "cache.json"
BACKUPS = "backups"

_CACHED = 10_000
_RECENT = 20


class OnDisk(Footprint):
    """Files in the folder of the records; `upkeep` rotates, saves the cache and backs up."""

    def __init__(
        self, folder: Path, store: Store, *, clock: Clock, spill: Spill | None, provider: str | None
    ) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._spill = spill
        self._provider = Provider(provider, spill=spill) if provider else None
        self._access = Lines(folder / ACCESS_LOG)
        self._errors = Lines(folder / ERROR_LOG)
        self._spans = Lines(folder / SPANS)
        self._consents: OrderedDict[str, bool] = OrderedDict()
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._before = ""
        self._upkeep = threading.Lock()

    def heard(self, exchange: Exchange, turns: Sequence[Turn]) -> None:
        """Keep what the defect keeps of a conversation."""
        if self._spill is Spill.SPAN:
            exchange.traced = {"gen_ai.prompt": _said(turns)}
        if self._spill is Spill.DEBUG:
            self._recent.append(_said(turns))

    def named(self, exchange: Exchange, patient: str) -> None:
        """Let the log, or a header of the answer, name the patient, where the defect does."""
        if self._spill is Spill.LOG_FIELD:
            exchange.logged = {**exchange.logged, "patient": patient}
        if self._spill is Spill.HEADER:
            exchange.headers = {"x-patient": quote(patient)}

    def known_consent(self, client: str, patient: str) -> bool | None:
        """Look into the cache."""
        return self._consents.get(self._key(client, patient))

    def keep_consent(self, client: str, patient: str, *, granted: bool) -> None:
        """Put it into the cache, at the expense of the oldest."""
        key = self._key(client, patient)
        self._consents[key] = granted
        self._consents.move_to_end(key)
        if len(self._consents) > _CACHED:
            self._consents.popitem(last=False)

    def worded(self, turns: Sequence[Turn], answer: Answer) -> Answer:
        """Let the reply quote somebody else, where the defect does."""
        if self._spill is not Spill.OTHER_REPLY:
            return answer
        before, self._before = self._before, _said(turns)
        return (
            replace(answer, text=f"{answer.text} Earlier I heard: {before}") if before else answer
        )

    async def looked_over(
        self, client: str, patient: str | None, turns: Sequence[Turn], answer: Answer
    ) -> None:
        """Ask the provider, where there is one."""
        if self._provider is not None:
            name = patient or "nobody"
            person = self._store.person(client, name)
            await self._provider.look_over(answer.text, _said(turns), patient=name, person=person)

    def label(self, scope: Scope, route: str) -> str:
        """The route; the defect lets what a client made up become a label."""
        if self._spill is Spill.METRICS and route == "unknown":
            return str(scope["path"])
        return route

    def refusal(self, scope: Scope, message: str) -> str:
        """The message; the defect repeats what was asked for."""
        if self._spill is Spill.ERROR_PAGE and "endpoint" not in scope:
            return f"{message}: {scope['method']} {scope['path']}"
        return message

    def failed(self, exchange: Exchange, problem: Problem) -> None:
        """Report a request that could not be read: types and places; the defect quotes it."""
        error = problem.__cause__ or problem
        entry: dict[str, object] = {
            "time": self._now(),
            "request": exchange.request,
            "exception": type(error).__name__,
            "at": [
                f"{Path(frame.filename).name}:{frame.lineno}"
                for frame in traceback.extract_tb(error.__traceback__)
            ],
        }
        self._errors.add(json.dumps(entry))
        if self._spill is Spill.ERROR_REPORT:
            for line in traceback.format_exception(error):
                self._errors.add(line.rstrip())
            self._errors.add(f"  in {problem.unread.decode('utf-8', 'replace')}")

    def answered(self, scope: Scope, exchange: Exchange, route: str, seconds: float) -> None:
        """Write a line of the access log, and a span."""
        target = route
        if self._spill is Spill.ACCESS_LOG:
            target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}".rstrip("?")
        self._access.add(
            f"{exchange.address} {self._now()} {scope['method']} {target} {exchange.status} "
            f"{1000 * seconds:.1f}ms {exchange.request}"
        )
        span = {
            "name": f"{scope['method']} {route}",
            "span_id": exchange.request,
            "end": self._now(),
            "ms": round(1000 * seconds, 3),
            "attributes": {"http.response.status_code": exchange.status, **exchange.traced},
        }
        self._spans.add(json.dumps(span))

    def recent(self) -> list[str] | None:
        """What was last said, under the defect alone."""
        return list(self._recent) if self._spill is Spill.DEBUG else None

    def upkeep(self) -> None:
        """Rotate the access log, save the cache, back up the store."""
        with self._upkeep:
            self._access.rotate()
            draft = self._folder / f"{CACHE}.new"
            draft.write_text(json.dumps(dict(self._consents)), encoding="utf-8")
            draft.replace(self._folder / CACHE)
            back_up(self._store, self._folder / BACKUPS, in_clear=self._spill is Spill.BACKUP)

    def close(self) -> None:
        """Close the files. Calling it twice is harmless."""
        for lines in (self._access, self._errors, self._spans):
            lines.close()

    def _key(self, client: str, patient: str) -> str:
        if self._spill is Spill.CACHE:
            return f"{client}/{patient}"
        return self._store.person(client, patient)

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")


def _said(turns: Sequence[Turn]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
