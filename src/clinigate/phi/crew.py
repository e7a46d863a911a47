"""Look at many files, by one process or by several; what came of them is in the files' order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING

from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.finding import search_for
from clinigate.phi.looking import FAST, Look, Looked, Looker
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.surfaces import Limits
from clinigate.phi.table import RECOGNIZERS, register
from clinigate.phi.tokens import Tokens

if TYPE_CHECKING:
    from clinigate.config.phi_rows import NlpTable

__all__ = ["Kit", "looked_at"]

#: Files that a process is given at once, at most: with few of them all processes end together.
_BATCH = 32
_DIED = "the process that searched it died"


@dataclass(frozen=True, slots=True)
class Kit:
    """What each process needs.

    Attributes:
        tokens: what stands for values.
        patients: whose data is looked for.
        engine: of `clinigate.phi.looking`.
        limits: how much of one file is opened.
        identifiers: whether the table is looked for.
        own: rows of users, which are sent to other processes; the table is there already.
        nlp: a language model of the user's, which presidio runs.
    """

    tokens: Tokens
    patients: tuple[Patient, ...] = ()
    engine: str = FAST
    limits: Limits = field(default_factory=Limits)
    identifiers: bool = True
    own: tuple[Recognizer, ...] = ()
    nlp: NlpTable | None = None

    @property
    def rows(self) -> Sequence[Recognizer]:
        """What is looked for: the table itself where there is nothing of users."""
        return (*RECOGNIZERS, *self.own) if self.own else RECOGNIZERS

    def looker(self) -> Looker:
        """Return what looks at files; rows of users are known by their id from then on."""
        register(self.own)
        return Looker(
            self.tokens,
            CanarySearch(self.patients),
            engine=self.engine,
            limits=self.limits,
            identifiers=self.identifiers,
            rows=self.rows,
            nlp=self.nlp,
        )


def looked_at(looks: Sequence[Look], kit: Kit, *, jobs: int = 1) -> Iterator[Looked]:
    """Look at files, and yield what came of each, in their order.

    Args:
        looks: the files.
        kit: what is looked for.
        jobs: processes. A file is looked at by one of them; one that dies takes down the others,
            and the files that were left to do say so.
    """
    jobs = min(jobs, len(looks))
    if jobs <= 1:
        looker = kit.looker()
        yield from map(looker.at, looks)
        return
    # Compiled before there are processes: they would all do it.
    for threshold in {look.threshold for look in looks}:
        search_for(threshold, kit.rows)
    size = max(1, min(_BATCH, len(looks) // (jobs * 4)))
    batches = [looks[at : at + size] for at in range(0, len(looks), size)]
    # A child that is forked has the threads' locks and none of the threads.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (kit,))
    try:
        pending = [(batch, _given(pool, batch)) for batch in batches]
        for batch, future in pending:
            yield from _result(batch, future)
    finally:
        pool.shutdown(cancel_futures=True)


def _given(pool: ProcessPoolExecutor, batch: Sequence[Look]) -> Future[list[Looked]] | None:
    try:
        return pool.submit(_batch, batch)
    except BrokenProcessPool:
        return None


def _result(batch: Sequence[Look], future: Future[list[Looked]] | None) -> list[Looked]:
    try:
        if future is not None:
            return future.result()
    except BrokenProcessPool:
        pass
    return [Looked(look.uri, skipped=[("", _DIED)]) for look in batch]


_looker: Looker | None = None


def _begin(kit: Kit) -> None:
    global _looker  # what a process of a pool keeps between its batches
    _looker = kit.looker()


def _batch(looks: Sequence[Look]) -> list[Looked]:
    assert _looker is not None
    return [_looker.at(look) for look in looks]
