"""One producer's part of a run: experiments, load and benchmarks beside the checks of pytest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clinigate.config.loader import LoadedConfig
from clinigate.core.criterion import Criterion
from clinigate.core.results import Results
from clinigate.core.verdict import Verdict
from clinigate.evidence.envelope import Signer
from clinigate.evidence.recorder import Recorder
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.process_run import ProcessRun, run_from_outside
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.setup import prepare_producer

__all__ = ["Produced", "Work", "produce_into_run"]

#: What a producer does: hands what it sees to the recorder, and returns why it ended early, if it
#: did. The variables are those by which processes that it starts join the run.
Work = Callable[[Recorder, Mapping[str, str]], str | None]


@dataclass(frozen=True, slots=True)
class Produced:
    """What came of one producer's work.

    Attributes:
        run: the run's id.
        results: the run's until now; of a joined run those of the other producers too.
        verdicts: on this producer's own criteria.
        conclusion: the sealed run; None where whoever began it seals it.
        stopped: why the work ended early, if it did.
    """

    run: str
    results: Results
    verdicts: tuple[Verdict, ...]
    conclusion: Conclusion | None
    stopped: str | None


def produce_into_run(
    config: LoadedConfig,
    *,
    producer: str,
    target: str,
    criteria: Sequence[Criterion],
    work: Work,
    signer: Signer | None,
    environment: str | None = None,
    outside: Mapping[str, str] | None = None,
    on_end: Callable[[Produced], None] = lambda _produced: None,
) -> Produced:
    """Begin a run or join the one that the environment names, do the work, and end this part.

    Whatever breaks the work off, an interruption too, what was recorded until then is kept, and
    sealed where the run was begun here; then the error is raised again.

    Args:
        config: the configuration.
        producer: who works, as the spool is named: `chaos`, `load`, `bench`.
        target: what is looked at, for the reader.
        criteria: what the work will measure; the policy's limits stand where it names them.
        work: the work.
        signer: who states the results; None leaves them UNSIGNED.
        environment: the policy's environment, by default the configuration's.
        outside: variables of a run to join; by default those of this process.
        on_end: told of the outcome before an error is raised again.

    Raises:
        ConfigError, PolicyError: configuration or policy is wrong; nothing was begun.
        EvidenceError: the evidence cannot be written, or the run to join is gone.
    """
    setup = prepare_producer(config, criteria, environment=environment)
    variables = run_from_outside() if outside is None else outside
    if variables:
        run = ProcessRun.join(variables, producer=producer, plan=setup.plan)
    else:
        run = ProcessRun.begin(setup, producer=producer, signer=signer)
    stopped: str | None = "the run was interrupted"
    try:
        run.recording.announce(target, setup.criteria)
        stopped = work(run.recording.recorder, {**os.environ, **run.environ})
    except Exception as error:
        stopped = f"{producer} broke with {type(error).__name__}"
        raise
    finally:
        with undisturbed():
            produced = _ended(run, setup.criteria, stopped)
            on_end(produced)
    return produced


def _ended(run: ProcessRun, criteria: Sequence[Criterion], stopped: str | None) -> Produced:
    conclusion = run.end(stopped)
    if conclusion is None:
        # The run goes on without us: that it has not ended says nothing of our part.
        results = replace(read_results(run.directory), interrupted=stopped)
    else:
        results = conclusion.results
    own = {criterion.id for criterion in criteria}
    verdicts = tuple(verdict for verdict in results.verdicts if verdict.criterion in own)
    return Produced(run.id, results, verdicts, conclusion, stopped)
