"""The witness of the audit trail: whatever is answered is on record, or it is not answered.

While the fault lasts, ordinary messages arrive on schedule. Afterwards the audit rows are read from
where they lie, without asking the service, and every answered message must have one. `unaudited`
counts the answers that have none. Refusals are what must come instead: where nothing was refused
during the fault, it did not reach the audit, and nothing can be said.

What it needs of a system, with the parameters that change it:

    chat     POST /v1/chat/completions;  id  JMESPath to what names the answer (`id`)
    storage  labels of the topology's storage that holds the audit ({store: audit}): a file, or a
             folder with files, of JSON lines (*.jsonl) with the field `field` (`resource`), or of
             SQLite (*.db) that `query` counts rows in
    rate, timeout  messages a second; limit of one answer
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from clinigate.chaos.drivers.base import NotAvailableError, WitnessReport
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.background import Background, until
from clinigate.chaos.probes.entry import OK, Asker, NoAnswerError
from clinigate.chaos.probes.parameters import Parameters
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.prober import probe
from clinigate.measure.timeline import Timeline

__all__ = ["UNAUDITED", "AuditTrail", "Message"]

UNAUDITED = "unaudited"
_SAID = "Good morning. I slept well and went for a walk."
_QUERY = "SELECT COUNT(*) FROM audit WHERE resource = ?"
_SPARE_S = 30.0


@dataclass(slots=True)
class Message:
    """One message.

    Attributes:
        at_s: when it was due, on the run's timeline.
        outcome: `ok` when it was answered, else why not.
        answer: what names the answer.
        in_fault: whether it was due while the fault lasted.
        rows: how many audit rows it has; None until they were counted.
    """

    repetition: int
    at_s: float
    outcome: str = "unanswered"
    answer: str = ""
    in_fault: bool = False
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class _Manner:
    rate: float
    timeout_s: float
    chat: str
    id: str
    storage: dict[str, str]
    field: str
    query: str


class AuditTrail:
    """Watches whether what is answered is on record; a `Witness`."""

    def __init__(self, system: LocalSystem, invariant: Invariant) -> None:
        """Take the system and the invariant.

        Raises:
            ConfigError: a parameter or the metric cannot be meant.
            NotAvailableError: the topology names no storage with those labels.
        """
        if invariant.metric != UNAUDITED:
            raise ConfigError(
                f"spec.invariants (audit-trail): metric is {invariant.metric!r}, "
                f"it measures {UNAUDITED}"
            )
        said = Parameters(invariant)
        self._manner = _Manner(
            rate=said.rate("rate", 10.0),
            timeout_s=said.seconds("timeout", 5.0),
            chat=said.text("chat", "/v1/chat/completions"),
            id=said.text("id", "id"),
            storage=said.labels("storage", {"store": "audit"}),
            field=said.text("field", "resource"),
            query=said.text("query", _QUERY),
        )
        said.done()
        self._system = system
        self._made: list[Message] = []
        self._working: Background | None = None
        self._timeline: Timeline | None = None
        self._repetition = 0
        self._files()

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to send messages."""
        self._timeline, self._repetition = timeline, repetition

        async def work(stopping: threading.Event) -> None:
            await self._send_on(stopping, repetition, timeline)

        self._working = Background(work, "clinigate-audit-trail")

    def stop(self) -> None:
        """Send no more, and count the rows of what was answered.

        Raises:
            TargetError: they cannot be read; the answers count as not measured then.
        """
        working, self._working = self._working, None
        if working is None or self._timeline is None:
            return
        working.stop(self._manner.timeout_s + _SPARE_S)
        for one in self._made:
            if one.repetition == self._repetition:
                spans = self._timeline.spans
                one.in_fault = any(span.start <= one.at_s < span.end for span in spans)
        counts = self._rows()
        for one in self._made:
            if one.rows is None:
                one.rows = counts(one.answer) if one.outcome == OK else 0

    def counts(self) -> tuple[int, int]:
        """Messages so far, and none of them wrong: rows are counted only when all is over."""
        return len(self._made), 0

    def report(self, prefix: str) -> WitnessReport:
        """Measure."""
        taken = [one for one in self._made if one.outcome == OK]
        answered = [one for one in taken if one.rows is not None]
        missing = [one for one in answered if one.rows == 0]
        refused = [one for one in self._made if one.in_fault and one.outcome != OK]
        measured = Measurement(
            metric=f"{prefix}.{UNAUDITED}",
            kind=Kind.RATE,
            value=len(missing) / len(answered) if answered else None,
            n=len(answered),
            events=len(missing),
            excluded=len(taken) - len(answered),
            slices=_slices(self._made),
            unmeasurable=None if refused or missing else _WITHOUT_EFFECT,
        )
        blob = "\n".join(json.dumps(asdict(one)) for one in self._made).encode()
        findings = [
            Finding(
                measured.metric,
                f"{len(missing)} answers have no audit row; the first was given {one.at_s:.1f} s "
                f"into repetition {one.repetition} ({one.answer})",
                where=f"repetition={one.repetition}",
            )
            for one in missing[:1]
        ]
        return WitnessReport((measured, *findings), ((blob, "application/x-ndjson"),))

    async def _send_on(
        self, stopping: threading.Event, repetition: int, timeline: Timeline
    ) -> None:
        own = Timeline(zero=timeline.zero)
        async with Asker(self._system.topology().entry) as asker:
            begun = own.now()

            async def send(number: int) -> str:
                one = Message(repetition, begun + number / self._manner.rate)
                self._made.append(one)
                one.outcome = await self._send(asker, one)
                return one.outcome

            arrivals = until(stopping, self._manner.rate)
            await probe(send, arrivals, timeline=own, timeout_s=self._manner.timeout_s)

    async def _send(self, asker: Asker, one: Message) -> str:
        import jmespath

        body = {"messages": [{"role": "user", "content": _SAID}]}
        try:
            answer = await asker.request("POST", self._manner.chat, body)
            if answer.status != 200:
                return f"http-{answer.status}"
            one.answer = str(jmespath.search(self._manner.id, answer.json()) or "")
        except (NoAnswerError, ValueError) as error:
            return type(error).__name__
        return OK if one.answer else "answer-without-id"

    def _files(self) -> list[Path]:
        wanted = self._manner.storage.items()
        storage = self._system.topology().storage
        found = [part.path for part in storage if wanted <= part.labels.items()]
        if not found:
            raise NotAvailableError(
                f"the topology names no storage with the labels {self._manner.storage}, "
                "so that audit rows cannot be read back"
            )
        return [file for path in found for file in _files_in(path)]

    def _rows(self) -> _Rows:
        return _Rows(self._files(), self._manner)


def _files_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".db", ".jsonl"))


class _Rows:
    """Counts audit rows where they lie."""

    def __init__(self, files: list[Path], manner: _Manner) -> None:
        self._query = manner.query
        self._databases = [path for path in files if path.suffix != ".jsonl"]
        self._lines: Counter[str] = Counter()
        for path in files:
            if path.suffix == ".jsonl":
                self._lines.update(_values(path, manner.field))

    def __call__(self, answer: str) -> int:
        return self._lines[answer] + sum(self._of(path, answer) for path in self._databases)

    def _of(self, path: Path, answer: str) -> int:
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return int(database.execute(self._query, (answer,)).fetchone()[0])
        except sqlite3.Error as error:
            raise TargetError(f"audit rows in {path} cannot be read: {error}") from error


def _values(path: Path, field: str) -> Iterator[str]:
    """What the rows of a file of JSON lines say in `field`; a torn line is no row."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise TargetError(f"audit rows in {path} cannot be read: {error.strerror}") from error
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield str(row.get(field))


def _slices(made: list[Message]) -> tuple[SliceResult, ...]:
    """How messages were taken while the fault lasted: answered with and without a row, refused."""
    during = [one for one in made if one.in_fault]
    parts = {
        "during the fault: refused": sum(one.outcome != OK for one in during),
        "during the fault: answered": sum(one.outcome == OK for one in during),
    }
    return tuple(
        SliceResult(name, count / len(during), len(during), events=count)
        for name, count in parts.items()
        if during
    )


_WITHOUT_EFFECT = (
    "nothing was refused while the fault lasted, so that it did not reach the audit at all"
)
