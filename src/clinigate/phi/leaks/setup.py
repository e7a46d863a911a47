"""From the configuration to a hunt."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from clinigate.config.hipaa import HipaaTable
from clinigate.config.loader import LoadedConfig
from clinigate.config.phi_trace import TraceTable
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.phi.leaks.answers import (
    DEBUG_PLACES,
    DebugSink,
    MetricsSink,
    PromptSink,
    ReplySink,
)
from clinigate.phi.leaks.hunt import Hunt
from clinigate.phi.leaks.model import SinkKind
from clinigate.phi.leaks.recorder import Recorder, recording
from clinigate.phi.leaks.sinks import FileSink, RedisSink, Sink, TableSink
from clinigate.phi.leaks.sources import plantings
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Service, service_spec

__all__ = ["opened_hunt"]

_UPKEEP_S = 120.0
#: Few enough that a seed does not look like an identifier where evidence is redacted.
_SEED_BITS = 24
_NO_SERVICE = "a hunt needs a service over HTTP; give [target] kind = 'http' or 'openai'"
_NO_TEST = (
    "a hunt tells the service of patients who do not exist; state in [hipaa] test_environment = "
    "true that it is a test one"
)


@contextmanager
def opened_hunt(
    loaded: LoadedConfig,
    *,
    environ: Mapping[str, str],
    seed: int | None = None,
    recorder: Recorder | None = None,
    upkeep: Callable[[], None] | None = None,
) -> Iterator[Hunt]:
    """Prepare what the configuration names, for the length of a block; nothing is sent yet.

    Args:
        loaded: the configuration.
        environ: the variables that credentials and addresses stand in.
        seed: of the patients; None draws one, so that an earlier hunt's are not taken for them.
        recorder: a recording proxy that runs already, in place of [phi.trace.prompts].
        upkeep: what lets the service rotate and back up, in place of the configured program.

    Raises:
        UsageError: there is no service to ask, or none that is stated to be a test one.
        ConfigError: a variable or a file that the configuration names is missing.
    """
    spec = service_spec(loaded.config.target)
    if spec is None:
        raise UsageError(_NO_SERVICE)
    if not loaded.config.hipaa.test_environment:
        raise UsageError(_NO_TEST)
    table, hipaa = loaded.config.phi.trace, loaded.config.hipaa
    chosen = secrets.randbits(_SEED_BITS) if seed is None else seed
    with ExitStack() as stack:
        service = Service(spec, base_dir=loaded.base_dir, environ=environ)
        stack.callback(service.close)
        if recorder is None and table.prompts is not None:
            prompts = table.prompts
            recorder = _listening(stack, prompts.listen, prompts.forward)
        files = tuple(_files(loaded.base_dir, table, hipaa))
        for sink in files:
            sink.begin()
        yield Hunt(
            service=service,
            plantings=plantings(service, seed=chosen, consent=hipaa.consent, further=table.plant),
            files=files,
            others=tuple(_others(service, table, hipaa, environ=environ, recorder=recorder)),
            seed=chosen,
            patience_s=max(table.patience_s, hipaa.patience_s) if hipaa.logs else table.patience_s,
            upkeep=upkeep or _program(table.upkeep, loaded.base_dir, environ),
        )


def _listening(stack: ExitStack, port: int, forward: str | None) -> Recorder:
    try:
        return stack.enter_context(recording(port=port, forward=forward))
    except OSError as problem:
        raise ConfigError(
            f"[phi.trace.prompts] listen: port {port} cannot be had ({problem.strerror}); name "
            "another one"
        ) from None


def _files(base: Path, table: TraceTable, hipaa: HipaaTable) -> Iterator[FileSink]:
    """The files of each field that names any; one that two fields name is looked at once.

    Each field by itself: that one is written to says nothing of the others.
    """
    audit = [] if hipaa.audit.file is None else [hipaa.audit.file]
    configured: list[tuple[SinkKind, Sequence[str], str]] = [
        (SinkKind.LOG, table.logs, "[phi.trace] logs"),
        (SinkKind.LOG, hipaa.logs, "[hipaa] logs"),
        (SinkKind.LOG, audit, "[hipaa.audit] file"),
        (SinkKind.ERROR_REPORT, table.error_reports, "[phi.trace] error_reports"),
        (SinkKind.SPAN, table.spans, "[phi.trace] spans"),
        (SinkKind.STORE, table.stores, "[phi.trace] stores"),
        (SinkKind.STORE, hipaa.stores, "[hipaa] stores"),
        (SinkKind.BACKUP, table.backups, "[phi.trace] backups"),
        (SinkKind.CACHE, table.caches, "[phi.trace] caches"),
    ]
    taken: set[tuple[SinkKind, str]] = set()
    for kind, names, named_in in configured:
        fresh = tuple(name for name in dict.fromkeys(names) if (kind, name) not in taken)
        taken |= {(kind, name) for name in fresh}
        if fresh:
            yield FileSink(kind, base, fresh, named_in)


def _others(
    service: Service,
    table: TraceTable,
    hipaa: HipaaTable,
    *,
    environ: Mapping[str, str],
    recorder: Recorder | None,
) -> Iterator[Sink]:
    if hipaa.store_dsn_env is not None:
        field = "[hipaa] store_dsn_env"
        yield TableSink(read_variable(hipaa.store_dsn_env, field, environ), field)
    if table.redis_url_env is not None:
        yield RedisSink(read_variable(table.redis_url_env, "[phi.trace] redis_url_env", environ))
    named, bearer = table.other_bearer_env, None
    if named is not None:
        bearer = read_variable(named, "[phi.trace] other_bearer_env", environ)
    yield ReplySink(service, bearer)
    if table.metrics:
        yield MetricsSink(service, table.metrics)
    yield DebugSink(service, tuple(dict.fromkeys((*DEBUG_PLACES, *table.debug))))
    if recorder is not None:
        yield PromptSink(recorder)


def _program(
    words: Sequence[str], base: Path, environ: Mapping[str, str]
) -> Callable[[], None] | None:
    if not words:
        return None

    def run() -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the configuration's own words, and no shell
                list(words),
                cwd=base,
                env=dict(environ),
                # No pipes: what it leaves running would keep them open, and us waiting.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_UPKEEP_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise TargetError(
                f"[phi.trace] upkeep: {words[0]!r} did not end well ({type(problem).__name__})"
            ) from None
        if done.returncode:
            raise TargetError(
                f"[phi.trace] upkeep: {words[0]!r} ended with {done.returncode}; run it by hand"
            )

    return run
