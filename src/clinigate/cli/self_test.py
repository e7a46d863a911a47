"""`clinigate self-test`: this installation, qualified on this machine, and the record sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from clinigate.cli.options import config_option
from clinigate.errors import UsageError
from clinigate.quality.validation.parts import PARTS

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.quality.validation.tries import Tries

__all__ = ["command"]


@click.command("self-test")
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)),
              help="Only this part; more than once for several (default: all). What is left out "
              "is not assessed, and nothing is qualified.")  # fmt: skip
@click.option("--defect", "defects", multiple=True, metavar="NAME",
              help="Calibrate by this defect alone; too few are INCONCLUSIVE.")  # fmt: skip
@config_option
def command(parts: tuple[str, ...], defects: tuple[str, ...], config: Path | None) -> int:
    """Qualify this installation on this machine, and seal the record.

    Installation: every file against the record of the wheel, requirements, catalogues. Operation:
    statistics against values from elsewhere; the embedded reference service, clean and with each
    of its defects; a sealed bundle that is changed in every way; a run that is killed. The run is
    one like any other: sealed, signed by [signing] key, to be verified and reported on. It is the
    tool's validation record for 21 CFR 11.10(a) and GAMP 5.

    Exit codes: 0 qualified; 1 not, or something could not be tried; 4 usage.
    """
    from clinigate.cli.self_test_calibration import defects as known
    from clinigate.config.loader import load_config

    chosen = tuple(name for name in PARTS if name in (parts or PARTS))
    if defects and "calibration" not in chosen:
        raise UsageError("--defect belongs to the part `calibration`; leave one of them out")
    unknown = [name for name in defects if name not in known()]
    if unknown:
        raise UsageError(
            f"--defect {unknown[0]}: there is no such defect; `clinigate demo --list-defects` "
            "lists them"
        )
    return _produce(_of_the_tool(load_config(config)), chosen, defects or known())


def _of_the_tool(loaded: LoadedConfig) -> LoadedConfig:
    """The configuration, with Clinigate itself as the system under test."""
    from dataclasses import replace
    from importlib.metadata import version

    from clinigate.config.model import SubjectTable

    subject = SubjectTable(
        name="clinigate",
        version=version("clinigate"),
        intended_use="Evaluates healthcare AI and keeps signed evidence of it.",
    )
    return replace(loaded, config=loaded.config.model_copy(update={"subject": subject}))


def _produce(loaded: LoadedConfig, parts: Sequence[str], defects: Sequence[str]) -> int:
    from clinigate.cli.producing import produce
    from clinigate.quality.validation.installation import about_machine
    from clinigate.quality.validation.parts import criterion_of
    from clinigate.quality.validation.tries import Tries

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        for name in PARTS:
            tries = Tries(PARTS[name])
            if name not in parts:
                # A part that was left out is a gap of the record: it must not read as qualified.
                tries.cannot("it was not chosen (--part)")
                for observation in tries.observations():
                    recorder.observation(observation)
                continue
            click.echo(f"{PARTS[name].qualifies}: {name} …")
            with TemporaryDirectory(prefix="clinigate-self-test-") as scratch:
                _look(name, defects)(tries, Path(scratch))
            for observation in tries.observations():
                recorder.observation(observation)
            click.echo(f"  {tries.made} {PARTS[name].tries}, {len(tries.wrong)} wrong")
            for where, message in tries.wrong:
                click.echo(f"  {where}: {message}")
            for reason in tries.untried:
                click.echo(f"  not tried: {reason}")

    return produce(
        loaded,
        producer="quality",
        target=about_machine(),
        criteria=[criterion_of(part) for part in PARTS.values()],
        work=work,
    )


def _look(part: str, defects: Sequence[str]) -> Callable[[Tries, Path], None]:
    """What a part does, with an empty folder to do it in."""
    from clinigate.cli.self_test_calibration import look_at_calibration
    from clinigate.quality.validation.crash import look_at_crashes
    from clinigate.quality.validation.installation import look_at_installation
    from clinigate.quality.validation.statistics import look_at_statistics
    from clinigate.quality.validation.tamper import look_at_tampering

    def calibrate(tries: Tries, _scratch: Path) -> None:
        look_at_calibration(tries, names=defects, on_step=lambda step: click.echo(f"  {step} …"))

    looks: Mapping[str, Callable[[Tries, Path], None]] = {
        "installation": lambda tries, _scratch: look_at_installation(tries),
        "statistics": lambda tries, _scratch: look_at_statistics(tries),
        "calibration": calibrate,
        "tamper": look_at_tampering,
        "crash": look_at_crashes,
    }
    return looks[part]
