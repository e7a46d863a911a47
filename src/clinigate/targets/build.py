"""From the `[target]` table to a target."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from clinigate.config.scoring import PythonScoring
from clinigate.config.target import (
    AsgiSpec,
    HttpSpec,
    OpenAISpec,
    PythonSpec,
    ReplaySpec,
    ServiceSpec,
    TargetSpec,
)
from clinigate.core.blame import blame
from clinigate.core.scoring import Instrument, Terms
from clinigate.core.target import Capability, Target
from clinigate.errors import ConfigError, UsageError
from clinigate.targets.clock import Clock, SystemClock
from clinigate.targets.shell import Rules, ShellTarget

if TYPE_CHECKING:
    from clinigate.targets.wire import Wire

__all__ = ["build_target"]


def build_target(
    spec: TargetSpec,
    *,
    base_dir: Path,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Target:
    """Make the target that a table describes. Nothing is sent yet.

    Args:
        spec: the table.
        base_dir: the folder of the configuration: relative paths are read against it, and
            modules are found in it.
        environ: where credentials are looked up; by default the environment of this process.
        clock: for tests.

    Raises:
        ConfigError: a variable, file, module or function that the table names is not there.
    """
    time = clock or SystemClock()
    variables = os.environ if environ is None else environ
    match spec:
        case PythonSpec():
            return _python(spec, base_dir, time)
        case HttpSpec():
            return _http(spec, base_dir, variables, time)
        case OpenAISpec():
            return _openai(spec, base_dir, variables, time)
        case AsgiSpec():
            return _asgi(spec, base_dir, variables, time)
        case ReplaySpec():
            return _replay(spec, base_dir)
        case _ as never:
            assert_never(never)


# Each kind loads what it needs here: a function under test wants no HTTP client.


def _python(spec: PythonSpec, base_dir: Path, clock: Clock) -> ShellTarget:
    from clinigate.targets.python_callable import callable_target

    function = _load(spec.function, base_dir, "[target] function")
    terms = None
    if spec.scoring is not None:
        function, terms = _with_scoring(function, spec, spec.scoring, base_dir)
    rules = Rules(
        timeout_s=spec.timeout_s,
        concurrency=spec.limits.concurrency,
        requests_per_minute=spec.limits.requests_per_minute,
    )
    try:
        return callable_target(
            function,
            capabilities=None if terms else spec.capabilities,
            name=spec.name or spec.function,
            rules=rules,
            clock=clock,
            scoring_terms=terms,
        )
    except UsageError as error:
        raise ConfigError(f"[target] function: {error}") from None


def _with_scoring(
    function: Any, spec: PythonSpec, scoring: PythonScoring, base_dir: Path
) -> tuple[dict[Any, Any], dict[Instrument, Terms]]:
    """Return the functions by capability, that which scores sheets among them, and its terms."""
    scores = _load(scoring.function, base_dir, "[target.scoring] function")
    functions: dict[Any, Any]
    if isinstance(function, Mapping):
        functions = dict(function)
    else:
        declared: Any = spec.capabilities or getattr(function, "capabilities", [Capability.CHAT])
        functions = dict.fromkeys(declared, function)
    functions[Capability.SCORING] = scores
    named = map(Instrument, scoring.instruments)
    return functions, {each: scoring.terms.of(each) for each in named}


def _json_target(spec: HttpSpec | AsgiSpec, wire: Wire, clock: Clock, *, name: str) -> ShellTarget:
    from clinigate.targets.http_json import JsonBackend
    from clinigate.targets.scoring import JsonScoring

    return ShellTarget(
        JsonBackend(wire, spec.sections),
        name=name,
        rules=_rules(spec),
        clock=clock,
        scoring=None if spec.scoring is None else JsonScoring(wire, spec.scoring),
    )


def _http(spec: HttpSpec, base_dir: Path, environ: Mapping[str, str], clock: Clock) -> ShellTarget:
    from clinigate.targets.wire import tls_context

    wire = _wire(spec, spec.base_url, environ, clock, verify=tls_context(spec.tls, base_dir))
    return _json_target(spec, wire, clock, name=spec.name or spec.base_url.partition("://")[2])


def _asgi(spec: AsgiSpec, base_dir: Path, environ: Mapping[str, str], clock: Clock) -> ShellTarget:
    from clinigate.targets.asgi_app import ASGI_BASE_URL, AppTransport

    app = _load(spec.app, base_dir, "[target] app")
    wire = _wire(spec, ASGI_BASE_URL, environ, clock, transport=lambda: AppTransport(app))
    return _json_target(spec, wire, clock, name=spec.name or spec.app)


def _openai(
    spec: OpenAISpec, base_dir: Path, environ: Mapping[str, str], clock: Clock
) -> ShellTarget:
    from clinigate.targets.openai_chat import OpenAIBackend
    from clinigate.targets.wire import tls_context

    wire = _wire(spec, spec.base_url, environ, clock, verify=tls_context(spec.tls, base_dir))
    backend = OpenAIBackend(wire, spec, clock)
    return ShellTarget(backend, name=spec.name or spec.model, rules=_rules(spec), clock=clock)


def _replay(spec: ReplaySpec, base_dir: Path) -> Target:
    from clinigate.targets.replay import ReplayTarget

    return ReplayTarget(base_dir / spec.path, name=spec.name)


def _wire(
    spec: ServiceSpec, base_url: str, environ: Mapping[str, str], clock: Clock, **how: Any
) -> Wire:
    from clinigate.targets.credentials import ClientCredentials, Credentials
    from clinigate.targets.tokens import TokenSource
    from clinigate.targets.wire import Wire

    credentials = Credentials(spec.auth, spec.limits.evaluator_header, environ)
    tokens = None
    if spec.auth.oauth2 is not None:
        oauth2 = spec.auth.oauth2
        client = ClientCredentials(oauth2, environ)
        credentials.keep_secret(client.secret)
        url = oauth2.token_url
        tokens = TokenSource(base_url + url if url.startswith("/") else url, client, clock)
    return Wire(
        base_url,
        credentials=credentials,
        tokens=tokens,
        clock=clock,
        concurrency=spec.limits.concurrency,
        **how,
    )


def _rules(spec: ServiceSpec) -> Rules:
    return Rules(
        timeout_s=spec.timeout_s,
        retries=spec.retries,
        concurrency=spec.limits.concurrency,
        requests_per_minute=spec.limits.requests_per_minute,
        max_wait_s=spec.limits.max_wait_s,
    )


def _load(reference: str, base_dir: Path, field: str) -> Any:
    """Import what `module:name` names, as `python -m` would from the configuration's folder."""
    module_name, _, path = reference.partition(":")
    folder = str(base_dir.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        raise ConfigError(
            f"{field}: {reference}: no module named {missing!r}; write it from {base_dir}, "
            "or install what it needs"
        ) from None
    except Exception as error:
        raise ConfigError(
            f"{field}: {reference}: importing it raised {blame(error)}; mend the module"
        ) from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ConfigError(f"{field}: {module_name} has no {path!r}; mend the name") from None
    return found
