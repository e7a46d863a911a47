"""`clinigate phi watch`: follow logs, and say what identifiers turn up in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.options import config_option, environment_option
from clinigate.cli.quantities import TIME

if TYPE_CHECKING:
    from clinigate.evidence.recorder import Recorder
    from clinigate.findings.model import Found
    from clinigate.phi.runtime.waiting import Waiting
    from clinigate.phi.runtime.watch import LogWatch
    from clinigate.phi.scanning import PhiScan

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("watch")
@click.argument("logs", nargs=-1, required=True, type=_FILE, metavar="LOG...")
@click.option("--for", "duration", type=TIME, help="End after so long, as 10min; else when told.")
@click.option("--interval", type=TIME, default="1s", show_default=True,
              help="How long to wait between two looks.")  # fmt: skip
@click.option("--from-now", is_flag=True, help="Leave out what the logs hold already.")
@click.option("--until-found", is_flag=True, help="End with the first find.")
@click.option("--confidence-threshold", "threshold", type=click.FloatRange(0, 1),
              help="How sure a find must be to count: [phi] threshold (0.8) or less.")  # fmt: skip
@click.option("--canaries", type=_FILE, help="Synthetic patients whose data may be nowhere.")
@config_option
@environment_option
def command(
    logs: tuple[Path, ...],
    duration: float | None,
    interval: float,
    from_now: bool,
    until_found: bool,
    threshold: float | None,
    canaries: Path | None,
    config: Path | None,
    environment: str | None,
) -> int:
    """Follow logs through their rotations, and say at once what turns up; never the value.

    Ctrl-C and SIGTERM end it as --for does: what was seen until then is judged and sealed. Gaps,
    as a log that was cut short with no copy left, forbid a pass. Of a watch that was killed what
    it had told is recorded: `clinigate seal RUN --as-incomplete` keeps it as evidence.
    Exit codes: 0 nothing turned up; 1 something did; 2 incomplete: not all was seen; 4 usage.
    """
    from clinigate.cli.phi_shown import exit_code
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.phi.observe import criteria_for
    from clinigate.phi.rows.own import all_rows
    from clinigate.phi.runtime.watched import options_for, watched

    loaded = load_config(config)
    options = options_for(loaded, threshold=threshold, canaries=canaries)
    rows = all_rows(loaded.config.phi.recognizer, source=loaded.source)
    pace = _Pace(duration, max(interval, 0.05), until_found)
    found: list[bool] = []

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
        done = watched(
            options, logs, follow=pace.follow, record=recorder.observation,
            from_start=not from_now, rows=rows,
        )  # fmt: skip
        found.append(bool(done.counted))
        _show_whole(done)
        return None

    produced = produce(
        loaded,
        producer="phi",
        target=", ".join(map(str, logs)),
        criteria=criteria_for(options),
        work=work,
        environment=environment,
    )
    return exit_code(produced, found=any(found))


def _show_whole(done: PhiScan) -> None:
    from clinigate.cli.phi_shown import show_some

    show_some(
        (f"not looked at: {each.unit} ({each.reason})" for each in done.identifiers.excluded),
        "things that were not looked at",
    )
    click.echo(f"{done.counts}; {len(done.counted)} count at {done.threshold:g}")


@dataclass(frozen=True, slots=True)
class _Pace:
    """When to look again, and when to end."""

    duration: float | None
    interval: float
    until_found: bool

    def follow(self, watch: LogWatch) -> None:
        """Look until it is time to end, and show what turns up."""
        from clinigate.phi.runtime.waiting import until_told

        with until_told() as waiting:
            end = None if self.duration is None else waiting.clock() + self.duration
            while not (_shown(watch, watch.look) and self.until_found):
                if not waiting.pause(self._pause(end, waiting)) or _is_over(end, waiting):
                    break
            _shown(watch, watch.close)

    def _pause(self, end: float | None, waiting: Waiting) -> float:
        left = self.interval if end is None else end - waiting.clock()
        return max(0.0, min(self.interval, left))


def _is_over(end: float | None, waiting: Waiting) -> bool:
    return end is not None and waiting.clock() >= end


def _shown(watch: LogWatch, look: Callable[[], list[Found]]) -> int:
    # Names come from outside: none of them may steer the terminal.
    from clinigate.reports.text import one_line

    new = look()
    for each in new:
        token = watch.tokens.get(each.flaw.fingerprint)
        shown = "" if token is None else f", value {token}"
        click.echo(one_line(f"{each.flaw.place} {each.flaw.rule}: {each.message}{shown}"))
    return len(new)
