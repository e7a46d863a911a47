"""What the checks look at: the service, its files, its people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clinigate.config.hipaa import HipaaTable
from clinigate.config.loader import LoadedConfig
from clinigate.hipaa.probe import Effect, Named
from clinigate.hipaa.programs import run_program
from clinigate.phi.leaks import stores
from clinigate.targets.service import Pace, Service, service_spec

__all__ = [
    "NO_SERVICE",
    "NO_TEST",
    "Premises",
    "ask_program",
    "files_under",
    "opened",
    "table_at",
    "verifies",
    "withheld_from",
]

_VERIFIER_S = 120.0
NO_SERVICE = "needs a service over HTTP; give [target] kind = 'http' or 'openai'"
"""Why a probe cannot be made of a target that is none."""
NO_TEST = "state in [hipaa] test_environment = true that the service is a test one"
"""What lets a probe do what nobody may do to a service with patients."""
#: Tables of `[hipaa]` that are told on another page of docs/ than one of their own name.
_PAGES = {"login": "hipaa-accounts", "roles": "hipaa-access", "patients": "hipaa"}


def withheld_from(named: Named, premises: Premises) -> str | None:
    """Say why a probe may not be made of this service, if it may not."""
    writes = named.effect is not Effect.READS
    if (named.needs or writes) and premises.service is None:
        return NO_SERVICE
    if writes:
        if premises.table.safety.production:
            return "it writes, and [hipaa.safety] production = true states that patients are served"
        if not premises.table.test_environment:
            return f"it writes synthetic patients; {NO_TEST}"
    if named.effect is Effect.DISTURBS and not premises.allow_destructive:
        return (
            "it disturbs an account or a record of its own; ask for it by --allow-destructive or "
            "[hipaa.safety] allow_destructive = true"
        )
    missing = [each for each in named.needs if not table_at(premises.table, each)]
    if missing:
        tables = ", ".join(f"[hipaa.{each}]" for each in missing)
        area = missing[0].partition(".")[0]
        page = _PAGES.get(area, f"hipaa-{area}")
        return f"needs {tables}; docs/{page}.md says what stands there"
    return None


def table_at(table: HipaaTable, name: str) -> object:
    """Return what stands in `[hipaa]` under a name; within another table it is told by a dot."""
    found: object = table
    for step in name.split("."):
        found = getattr(found, step, None)
    return found


def ask_program(premises: Premises, words: Sequence[str]) -> int | None:
    """Return how the program ends; None where it does not."""
    done = run_program(
        words,
        "[hipaa] verify",
        cwd=premises.base_dir,
        environ=premises.environ,
        longest_s=_VERIFIER_S,
    )
    return None if done is None else done.returncode


@dataclass(frozen=True, slots=True)
class Premises:
    """What there is to look at.

    Attributes:
        table: the configuration of it. base_dir: what its paths are relative to.
        service: None where the target is no service over HTTP.
        environ: the variables that credentials stand in.
        today: against which dates are held. seed: of the synthetic patients.
        allow_destructive: whether probes may disturb what is their own.
        ask_verifier: runs a verifier, and returns its exit code.
    """

    table: HipaaTable
    base_dir: Path
    service: Service | None
    environ: Mapping[str, str]
    today: date
    seed: int = 0
    allow_destructive: bool = False
    ask_verifier: Callable[[Premises, list[str]], int | None] = ask_program

    def path(self, name: str) -> Path:
        """Return a configured path."""
        return self.base_dir / name


@contextmanager
def opened(
    config: LoadedConfig,
    *,
    today: date,
    environ: Mapping[str, str] = os.environ,
    seed: int | None = None,
    allow_destructive: bool = False,
    run: str = "",
) -> Iterator[Premises]:
    """Prepare what the configuration names, for the length of a block; nothing is asked yet.

    `seed` is that of the synthetic patients, by default the configuration's; `run` goes along with
    every request, so that the service's owners can tell them apart.

    Raises:
        ConfigError: a variable or a file that it names is missing.
    """
    spec = service_spec(config.config.target)
    service = None
    table = config.config.hipaa
    safety = table.safety
    if safety.production:
        # Who states both is taken at the word that can hurt nobody.
        table = table.model_copy(update={"test_environment": False})
    if spec is not None:
        service = Service(
            spec,
            base_dir=config.base_dir,
            environ=environ,
            pace=Pace(safety.most_requests, safety.most_per_second),
            marks={safety.run_header: run} if run else {},
        )
    try:
        yield Premises(
            table,
            config.base_dir,
            service,
            environ,
            today,
            config.config.run.seed if seed is None else seed,
            allow_destructive or safety.allow_destructive,
        )
    finally:
        if service is not None:
            service.close()


def files_under(premises: Premises, names: Sequence[str], field: str) -> tuple[Path, ...]:
    """Return the files that names of a field of `[hipaa]` stand for.

    Raises:
        ConfigError: one is not there.
    """
    return stores.files_under(premises.base_dir, names, f"[hipaa] {field}")


def verifies(premises: Premises, command: Sequence[str], copy: Path) -> bool | None:
    """Ask the service's own verifier of a copy; None where it does not end in two minutes.

    Raises:
        ConfigError: there is no such program.
    """
    code = premises.ask_verifier(premises, [word.replace("{copy}", str(copy)) for word in command])
    return None if code is None else code == 0
