"""One run over the databases that are asked for, and what it shows."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping

from clinigate.core.criterion import Criterion
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement, SliceResult
from clinigate.core.observation import Fault, Gap, Observation
from clinigate.errors import TargetError
from clinigate.evidence.recorder import Recorder
from clinigate.gpu_bench.database.criteria import OPERATIONS, Operation, criteria_for
from clinigate.gpu_bench.database.loop import Timed, time_store
from clinigate.gpu_bench.database.options import LAB, DatabaseOptions, Source
from clinigate.gpu_bench.database.store import Store
from clinigate.measure.exhibits import distribution_exhibit, percentiles_exhibit
from clinigate.measure.histogram import quantile_measurement
from clinigate.measure.hostguard import HostDelay, HostGuard

__all__ = ["criteria", "run_database_bench"]

#: Beyond this share of a limit, what the host itself delays decides whether it is kept.
_LARGEST_SHARE = 0.5
_CLIENTS = {"postgres": "psycopg", "mongodb": "pymongo", "redis": "redis"}
_PRODUCTS = {"postgres": "PostgreSQL", "mongodb": "MongoDB", "redis": "Redis"}


def criteria(options: DatabaseOptions) -> tuple[Criterion, ...]:
    """What a run with these options is judged by."""
    return criteria_for(options.limits)


def run_database_bench(
    options: DatabaseOptions,
    recorder: Recorder,
    *,
    guard: Callable[[], HostGuard] = HostGuard,
) -> str | None:
    """Time every store that has a limit, and record what was seen.

    A store without a source is a gap; one that refuses is a fault of its own metrics, with one
    sentence that holds no credentials. The others are timed all the same. `guard` makes what
    watches the host meanwhile.

    Returns:
        Why it ended early: never, so None.
    """
    for store in options.asked:
        _Part(store, options, recorder, guard).run()
    return None


class _Part:
    """One store's part of a run."""

    def __init__(
        self,
        store: str,
        options: DatabaseOptions,
        recorder: Recorder,
        guard: Callable[[], HostGuard],
    ) -> None:
        self._name = store
        self._guard = guard
        self._options = options
        self._recorder = recorder
        self._controls = {each.metric: each.controls for each in criteria(options)}
        self._operations = [each for each in OPERATIONS if each.store == store]

    def run(self) -> None:
        reason, source = _missing(self._name, self._options), self._source
        if reason is not None or source is None:
            self._each(lambda operation: Gap(operation.metric, reason or "no database is named"))
            return
        try:
            store = _store(self._name, source, self._options)
            with store, self._guard() as guard:
                timed = time_store(store, self._options)
            self._record(timed, store, source, guard.delay)
        except TargetError as error:
            said = str(error)
            self._each(lambda operation: Fault(operation.metric, said))

    @property
    def _source(self) -> Source | None:
        return self._options.sources.get(self._name)

    def _each(self, about: Callable[[Operation], Gap | Fault]) -> None:
        for operation in self._operations:
            self._observe(operation, about(operation))

    def _observe(self, operation: Operation, about: Measurement | Gap | Fault | Exhibit) -> None:
        controls = self._controls[operation.metric]
        self._recorder.observation(Observation(operation.check_id, about, controls))

    def _record(
        self, timed: Mapping[str, Timed], store: Store, source: Source, delay: HostDelay
    ) -> None:
        waited = delay.of_turns(1)
        self._recorder.note(
            "bench.database",
            {
                "store": self._name,
                "server": store.description,
                "source": source.origin,
                "left_behind": store.left_behind,
                "how": self._how(),
                # Infinite where nothing was watched, for which evidence has no form.
                "host_delay_p99_s": waited if math.isfinite(waited) else None,
                "histograms": {name: each.whole.to_plain() for name, each in timed.items()},
            },
        )
        caveats: tuple[str, ...] = (f"{store.description} ({source.origin}); {self._how()}",)
        if source.origin == LAB:
            caveats += ("client and server share this host: no network, nobody else's load",)
        for operation in self._operations:
            about = self._measured(operation, timed[operation.name], delay, caveats)
            self._observe(operation, about)
        first = self._operations[0]
        shown = {name: each.whole for name, each in timed.items()}
        limit = self._options.limits.of(self._name)
        title = _PRODUCTS[self._name]
        for figure in (
            distribution_exhibit(first.metric, shown, title=f"{title}: latency", limit=limit),
            percentiles_exhibit(first.metric, shown, title=f"{title}: percentiles", limit=limit),
        ):
            self._observe(first, figure)

    def _measured(
        self, operation: Operation, timed: Timed, delay: HostDelay, caveats: tuple[str, ...]
    ) -> Measurement:
        return quantile_measurement(
            operation.metric,
            timed.whole,
            operation.quantile,
            self._options.confidence,
            slices=tuple(
                SliceResult(f"block={number}", each.quantile(operation.quantile), each.count)
                for number, each in enumerate(timed.blocks, start=1)
            ),
            caveats=caveats,
            unmeasurable=_too_busy(delay, operation.quantile, self._options.limits.of(self._name)),
        )

    def _how(self) -> str:
        options = self._options
        clients = f"{options.clients} pooled connection{'s' if options.clients > 1 else ''}"
        if options.rate is None:
            return f"{clients}, one statement after another on each"
        return (
            f"{clients}, {options.rate:g} statements/s on schedule, latency from when each was due"
        )


def _missing(store: str, options: DatabaseOptions) -> str | None:
    """Why a store cannot be looked at; None where it can."""
    if store not in options.sources:
        return options.missing.get(store, "no database is named")
    if importlib.util.find_spec(_CLIENTS[store]) is None:
        return f"{_PRODUCTS[store]} needs an extra: pip install 'clinigate[db]'"
    return None


def _too_busy(delay: HostDelay, quantile: float, limit: float | None) -> str | None:
    assert limit is not None
    waited = delay.of_turns(1, share=quantile)
    if waited <= _LARGEST_SHARE * limit:
        return None
    return (
        f"the host was too busy to judge {limit * 1e3:g} ms: {quantile:.0%} of the turns of work "
        f"waited up to {waited * 1e3:.2g} ms for a processor; run it on an idle machine"
    )


def _store(name: str, source: Source, options: DatabaseOptions) -> Store:
    if name == "postgres":
        from clinigate.gpu_bench.database.postgres import PostgresStore

        return PostgresStore(source, timeout_s=options.timeout_s)
    if name == "redis":
        from clinigate.gpu_bench.database.redis import RedisStore

        return RedisStore(source, timeout_s=options.timeout_s)
    from clinigate.gpu_bench.database.mongodb import MongoStore

    return MongoStore(source, timeout_s=options.timeout_s)
