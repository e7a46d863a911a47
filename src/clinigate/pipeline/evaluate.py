"""Run checks on a target from beginning to seal, outside of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from clinigate.clinical.draw import packs_used
from clinigate.clinical.equipment import equipment_of
from clinigate.core.check import REGISTRY, Check
from clinigate.core.target import Target
from clinigate.errors import TargetError
from clinigate.evidence.envelope import Signer
from clinigate.pipeline.conclude import Conclusion, conclude
from clinigate.pipeline.evaluation import CheckResult, Evaluation, Sink
from clinigate.pipeline.interrupts import undisturbed
from clinigate.pipeline.recording import begin_recording
from clinigate.pipeline.setup import Setup
from clinigate.targets import check_reachable

__all__ = ["Others", "all_checks", "evaluate"]

#: Is given the variables by which processes join the run; returns why it ended early, if it did.
Others = Callable[[Mapping[str, str]], str | None]


def all_checks() -> tuple[Check, ...]:
    """Return every check that is installed, by id.

    Raises:
        CheckDefinitionError: one does not load.
    """
    REGISTRY.load_entry_points()
    return REGISTRY.all()


def evaluate(
    setup: Setup,
    target: Target,
    *,
    checks: Iterable[Check],
    signer: Signer | None,
    producer: str,
    on_begin: Callable[[Check], None] = lambda _check: None,
    on_end: Callable[[CheckResult], None] = lambda _result: None,
    on_sealed: Callable[[Conclusion], None] = lambda _conclusion: None,
    others: Others = lambda _environ: None,
) -> Conclusion:
    """Run the checks in order, record what they see, and seal the run.

    A critical safety failure ends the run early; so does an interruption, which is then raised
    again. What was recorded is sealed in every case.

    Args:
        setup: what to evaluate by.
        target: the system under test; closed at the end.
        checks: what to run.
        signer: who states the results; None leaves them UNSIGNED.
        producer: who runs, as the spool is named.
        on_begin: told of each check before it runs, for a progress display.
        on_end: told of each check's outcome.
        on_sealed: told of the sealed run, one that was interrupted too.
        others: after the checks, lets further producers join the run.

    Raises:
        PackError: a pack does not load; nothing was begun.
        ConfigError, UsageError: what `[judge]` or `[dialogue]` name does not load; nothing was
            begun.
        TargetError: the target cannot be asked; nothing was begun.
        EvidenceError: the evidence cannot be written.
    """
    # What does not load is told before there is a run.
    packs_used(setup.plan)
    equipment = equipment_of(setup.config)
    equipped = [equipment.given_to(check) for check in checks]
    evaluation = Evaluation(setup, target)
    try:
        trouble = evaluation.ask(check_reachable)
        if trouble is not None:
            raise TargetError(trouble)
        recording = begin_recording(setup, producer=producer, signer=signer)
        assert recording.run is not None
        stopped: str | None = "the run was interrupted"
        try:
            recording.describe(setup, target)
            stopped = _run(evaluation, equipped, recording.observation, on_begin, on_end)
            stopped = stopped or others(recording.run.environ())
        except Exception as error:
            stopped = f"the evaluation broke with {type(error).__name__}"
            raise
        finally:
            with undisturbed():
                recording.finish(stopped)
                conclusion = conclude(recording.run.directory, signer=signer)
                on_sealed(conclusion)
    finally:
        evaluation.close()
    return conclusion


def _run(
    evaluation: Evaluation,
    checks: Iterable[Check],
    sink: Sink,
    on_begin: Callable[[Check], None],
    on_end: Callable[[CheckResult], None],
) -> str | None:
    """Run the checks; return why they ended early, if they did."""
    for check in checks:
        on_begin(check)
        result = evaluation.run(check, sink)
        on_end(result)
        if result.stopped is not None:
            return result.stopped
    return None
