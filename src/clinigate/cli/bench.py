"""`clinigate bench`: how fast a model answers, and how fast the databases do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.bench_database import database
from clinigate.cli.options import config_option, environment_option, trust_option, trusted_keys
from clinigate.cli.quantities import RATE, SHARE, TIME
from clinigate.gpu_bench.ai.criteria import SCENARIOS, Limits

if TYPE_CHECKING:
    from clinigate.evidence.recorder import Recorder

__all__ = ["command", "script"]


def script(name: str) -> None:
    """Run one of the commands with this process's arguments, and leave with its exit code."""
    from clinigate.cli import main

    sys.argv[1:1] = ["bench", name]
    main()


@click.group("bench")
def command() -> None:
    """Time a model, or databases, and judge the times."""


command.add_command(database)


@command.command("ai")
@click.option("--latency-threshold", type=TIME, default="100ms", show_default=True,
              help="Limit of the 99th percentile, alone and under load.")  # fmt: skip
@click.option("--throughput-threshold", type=RATE, default="100rps", show_default=True,
              help="Queries a second: offered in Server, reached in Offline.")  # fmt: skip
@click.option("--gpu-utilization-max", type=SHARE,
              help="Limit of the GPU's mean utilization under the offered load.")  # fmt: skip
@click.option("--model", default="encoder", show_default=True, metavar="MODULE:ATTR",
              help="A torch module (token ids), or a callable that answers a list of "
              "texts.")  # fmt: skip
@click.option("--target", "remote", is_flag=True,
              help="Time the service of the [target] table in place of a model.")  # fmt: skip
@click.option("--compare", metavar="MODULE:ATTR",
              help="An earlier version, timed in turns with the model.")  # fmt: skip
@click.option("--baseline", metavar="BUNDLE",
              help="An earlier run, signed by a trusted key: id, directory or zip.")  # fmt: skip
@trust_option
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto",
              show_default=True, help="Where a torch module runs.")  # fmt: skip
@click.option("--threads", type=click.IntRange(min=1),
              help="Of torch on the CPU (default: one for each core).")  # fmt: skip
@click.option("--allow-cpu", is_flag=True,
              help="Leave the GPU's limit out where the model runs on none.")  # fmt: skip
@click.option("--scenario", "scenarios", multiple=True, type=click.Choice(SCENARIOS),
              help="Only these (default: all).")  # fmt: skip
@click.option("--blocks", type=click.IntRange(min=5), default=10, show_default=True,
              help="Stretches of measuring in each scenario; a comparison wants 20.")  # fmt: skip
@click.option("--queries", type=click.IntRange(min=20), default=100, show_default=True,
              help="Queries in a block.")  # fmt: skip
@click.option("--scenario-time", type=TIME, default="60s", show_default=True,
              help="About how long a scenario may last; a slow model gets fewer "
              "queries.")  # fmt: skip
@click.option("--max-batch", type=click.IntRange(min=1), default=16, show_default=True,
              help="Most queries that are answered at once.")  # fmt: skip
@click.option("--batch-budget", type=TIME, default="50ms", show_default=True,
              help="From the arrival of a batch's oldest query to its answer.")  # fmt: skip
@click.option("--batch-wait", type=TIME,
              help="A fixed wait for a fuller batch, in place of the budget.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of queries, arrivals and the encoder's weights.")  # fmt: skip
@click.option("--sweep/--no-sweep", default=True, show_default=True,
              help="Offer other rates too, for the throughput-latency curve.")  # fmt: skip
@config_option
@environment_option
def ai(config: Path | None, environment: str | None, trust: Path | None, **given: Any) -> int:
    """Time a model: one query at a time, at random under load, and as fast as it goes.

    The model is a small encoder that comes with Clinigate, one of your own, or a service over HTTP.
    Exit codes: 0 all criteria PASS; 1 not; 2 interrupted; 3 the baseline was changed; 4 usage.
    """
    from clinigate.cli.places import bundle_path
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.gpu_bench.ai.prepare import prepared
    from clinigate.gpu_bench.ai.run import run_ai_bench
    from clinigate.pipeline.setup import confidence_for

    loaded = load_config(config)
    named = given.pop("baseline")
    baseline = None if named is None else bundle_path(loaded, named)
    request = _request(given, baseline, confidence_for(loaded, environment=environment))
    with prepared(request, loaded, trusted_keys(loaded, trust)) as bench:
        click.echo(f"timing {bench.subject.name} on {bench.subject.device}")

        def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
            run_ai_bench(bench, recorder)

        return produce(
            loaded,
            producer="bench",
            target=bench.subject.name,
            criteria=bench.criteria,
            work=work,
            environment=environment,
        )


def _request(given: Mapping[str, Any], baseline: Path | None, confidence: float) -> Any:
    from clinigate.gpu_bench.ai.options import AiOptions
    from clinigate.gpu_bench.ai.prepare import AiRequest

    options = AiOptions(
        limits=Limits(
            given["latency_threshold"], given["throughput_threshold"], given["gpu_utilization_max"]
        ),
        scenarios=given["scenarios"] or SCENARIOS,
        blocks=given["blocks"],
        queries=given["queries"],
        max_batch=given["max_batch"],
        budget_s=given["batch_budget"],
        fixed_wait_s=given["batch_wait"],
        seed=given["seed"],
        sweep=given["sweep"],
        longest_s=given["scenario_time"],
        confidence=confidence,
    )
    names = ("model", "remote", "compare", "device", "threads", "allow_cpu")
    return AiRequest(options, baseline=baseline, **{name: given[name] for name in names})
