"""Is a synthetic patient known as one? Until that is proven no crisis is sent to production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clinigate.config.production import DiversionTable
from clinigate.config.target import EnvRef, HttpSpec, OpenAISpec
from clinigate.delivery.service import ask_json, found
from clinigate.errors import TargetError

__all__ = ["Proof", "marked", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether crises may be sent.

    Attributes:
        trouble: why not; empty where the diversion is proven.
    """

    trouble: str = ""

    @property
    def holds(self) -> bool:
        """Whether a synthetic patient's crisis pages nobody."""
        return not self.trouble


def prove(
    spec: HttpSpec | OpenAISpec,
    table: DiversionTable,
    *,
    base_dir: Path,
    environ: Mapping[str, str],
) -> Proof:
    """Ask the diversion twice: with the header it must say true, and without it false.

    The second question shows that it is the header that decides: a probe that always says true
    proves nothing.

    Raises:
        ConfigError: the target's authorities cannot be read.
    """
    ours = spec.limits.evaluator_header
    if ours is not None and ours.name.lower() == table.header.lower():
        return Proof(f"[target.limits] evaluator_header writes over {table.header}")
    value = table.value if table.value_env is None else environ.get(table.value_env)
    if not value:
        return Proof(f"{table.value_env} is not set, which holds the header of synthetic patients")
    try:
        with_it = ask_json(spec, table.probe, base_dir=base_dir, headers={table.header: value})
        without = ask_json(spec, table.probe, base_dir=base_dir)
    except TargetError as error:
        return Proof(f"the diversion's probe is not answered: {error}")
    if found(with_it, table.answer) is not True:
        return Proof(f"the probe {table.probe} does not say that {table.header} is diverted")
    if found(without, table.answer) is not False:
        return Proof(f"the probe {table.probe} does not say that others are not diverted")
    return Proof()


def marked(spec: HttpSpec | OpenAISpec, table: DiversionTable) -> HttpSpec | OpenAISpec:
    """Return the target whose every request carries the header of a synthetic patient."""
    held = EnvRef(env=table.value_env) if table.value_env is not None else table.value
    assert held is not None
    others = {
        name: value
        for name, value in spec.auth.headers.items()
        if name.lower() != table.header.lower()
    }
    headers = {**others, table.header: held}
    return spec.model_copy(update={"auth": spec.auth.model_copy(update={"headers": headers})})
