"""Begin or join a run for an evaluation, and read from a run what it was and what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinigate.core.codec import to_plain
from clinigate.core.criterion import Criterion
from clinigate.core.observation import Observation
from clinigate.core.results import PackUse
from clinigate.core.target import Target
from clinigate.evidence.envelope import Signer
from clinigate.evidence.inspection import allow_unscanned
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.runs import Run, begin_run, join_run
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import Clock, system_clock
from clinigate.pipeline.inputs import current_inputs, moved_inputs
from clinigate.pipeline.setup import Setup

__all__ = [
    "CRITERIA",
    "EVALUATION",
    "INPUTS_MOVED",
    "INTERRUPTED",
    "Recording",
    "begin_recording",
    "join_recording",
]

#: Topic of the note that says what is evaluated by which criteria.
EVALUATION = "evaluation"
#: Topic of the notes that add criteria which no policy knows: those of a check's own test.
CRITERIA = "criteria"
#: Topic of the note that names the inputs that changed while the run was under way.
INPUTS_MOVED = "inputs-moved"
#: Topic of the note that says why a run ended early.
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Recording:
    """Where one process's observations go.

    Attributes:
        recorder: this process's spool.
        run: the run itself where this process began it; None where it joined.
        moved: returns the inputs that are other ones than when the run began.
    """

    recorder: Recorder
    run: Run | None
    moved: Callable[[], Sequence[str]] = tuple

    def observation(self, observation: Observation) -> None:
        """Write one observation; it is safe once this returns."""
        self.recorder.observation(observation)

    def describe(self, setup: Setup, target: Target) -> None:
        """Write which target is evaluated, with which packs and by which criteria."""
        # Producers without scenarios come here too, and start quicker without them.
        from clinigate.clinical.draw import packs_used

        self.announce(
            target.name,
            setup.criteria,
            declared=sorted(target.capabilities),
            packs=packs_used(setup.plan),
        )

    def announce(
        self,
        target: str,
        criteria: Iterable[Criterion],
        *,
        declared: Iterable[str] = (),
        packs: Iterable[PackUse] = (),
    ) -> None:
        """Write what is looked at and by which criteria; each producer of a run does so once."""
        self.recorder.note(
            EVALUATION,
            {
                "target": target,
                "declared": list(declared),
                "criteria": to_plain(tuple(criteria)),
                "packs": to_plain(tuple(packs)),
            },
        )

    def add_criterion(self, criterion: Criterion) -> None:
        """Write a criterion that the run is judged by beyond those of the policy."""
        self.recorder.note(CRITERIA, to_plain(criterion))

    def finish(self, interrupted: str | None = None) -> None:
        """End this process's part, and the run if this process began it.

        An early end is told in a record of its own, and the status says ABORTED.
        """
        status = RunStatus.COMPLETE if interrupted is None else RunStatus.ABORTED
        if interrupted is not None:
            self.recorder.note(INTERRUPTED, {"reason": interrupted})
        if self.run is not None:
            if moved := self.moved():
                self.recorder.note(INPUTS_MOVED, {"inputs": list(moved)})
            self.run.finish(status)
        else:
            self.recorder.finish(status)


def begin_recording(
    setup: Setup,
    *,
    producer: str,
    signer: Signer | None = None,
    clock: Clock = system_clock,
) -> Recording:
    """Begin a run under the configuration's evidence root.

    Raises:
        ConfigError: an input that the configuration names is not there.
        IntegrityError: the ledger was edited, cut or rolled back.
        EvidenceError: the disk refuses, or an input cannot be read.
    """
    inputs = current_inputs(setup.config, setup.policy)
    run = begin_run(
        setup.config.root,
        producer=producer,
        subject=setup.subject,
        plan=setup.plan,
        clock=clock,
        signer=signer,
        inputs=inputs,
    )
    evidence = setup.config.config.evidence
    if evidence.unscanned:
        allow_unscanned(run.recorder, evidence.unscanned, evidence.unscanned_because)
    return Recording(run.recorder, run, lambda: moved_inputs(setup.config, inputs))


def join_recording(environ: Mapping[str, str], *, producer: str) -> Recording:
    """Join the run that another process began.

    Raises:
        EvidenceError: no run is named, or it is gone or sealed.
    """
    return Recording(join_run(environ, producer=producer), None)
