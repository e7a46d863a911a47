"""One run: warm-up, the scenarios block by block, what they show, and the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from clinigate.core.canonical import canonical_bytes
from clinigate.core.codec import to_plain
from clinigate.core.criterion import Criterion
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.errors import TargetError, UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.criteria import (
    GPU_UTILIZATION,
    OFFLINE,
    SERVER,
    SERVER_P99,
    SINGLE_P99,
    SINGLE_STREAM,
    criteria_for,
    regression_criteria,
)
from clinigate.gpu_bench.ai.findings import finding
from clinigate.gpu_bench.ai.gpu import LEAST_WINDOW_S, Window, gpu_exhibit, gpu_measurements
from clinigate.gpu_bench.ai.nvml import GpuSampler
from clinigate.gpu_bench.ai.observe import figures, of_offline, of_server, of_single_stream
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.pacing import block_numbers, queries_per_block
from clinigate.gpu_bench.ai.subject import Subject
from clinigate.gpu_bench.ai.sweep import sweep, sweep_exhibit, swept_rates, takes_s
from clinigate.gpu_bench.ai.warmup import Warmup
from clinigate.gpu_bench.regression.baseline import NOTE, Baseline
from clinigate.gpu_bench.regression.compare import TAIL_BLOCKS
from clinigate.gpu_bench.regression.observe import against_baseline, against_rival

__all__ = ["AiBench", "record_fault", "run_ai_bench"]

About = Measurement | Exhibit | Finding | Gap | Fault

#: Check id by the first parts of a metric.
_CHECKS = {
    "bench.ai.single_stream": "CG-BENCH-SINGLE-STREAM-001",
    "bench.ai.server": "CG-BENCH-SERVER-001",
    "bench.ai.offline": "CG-BENCH-OFFLINE-001",
    "bench.ai.gpu": "CG-BENCH-GPU-001",
    "bench.ai.regression": "CG-BENCH-REGRESSION-001",
}


#: A block under load is not made longer than this for the sake of its queue; all are evidence.
_MOST_QUERIES = 5000


@dataclass(frozen=True, slots=True)
class AiBench:
    """What is timed and how.

    Attributes:
        subject: the model. options: what to do.
        nvml: `pynvml`, where a GPU's utilization is judged and there is one.
        allow_cpu: a limit of the GPU's utilization is left out where the model runs on none.
        baseline: what an earlier run measured. rival: an earlier version of the model that runs
            here too, in turns.
    """

    subject: Subject
    options: AiOptions
    nvml: Any = None
    allow_cpu: bool = False
    baseline: Baseline | None = None
    rival: Subject | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What the run is judged by."""
        limits = self.options.limits
        if self.allow_cpu and self.subject.device.kind != "cuda":
            limits = replace(limits, gpu_utilization=None)
        compared = self.baseline is not None or self.rival is not None
        return (
            *criteria_for(limits, self.options.scenarios),
            *(regression_criteria(tail=self._tail) if compared else ()),
        )

    @property
    def _tail(self) -> bool:
        """Whether the tail can be compared at all; where not, no criterion asks for it."""
        least = self.options.blocks
        if self.baseline is not None:
            least = min(least, len(self.baseline.p99))
        return least >= TAIL_BLOCKS


def run_ai_bench(bench: AiBench, recorder: Recorder) -> None:
    """Run the benchmark and record what it saw.

    A model that breaks, or whose answers are none, has no speed: every criterion is ERROR then,
    with the model's fault as the reason.
    """
    try:
        _Run(bench, recorder).run()
    except TargetError as error:
        record_fault(str(error), bench.criteria, recorder)


def record_fault(reason: str, criteria: Iterable[Criterion], recorder: Recorder) -> None:
    """Record that nothing could be timed, for each criterion."""
    for criterion in criteria:
        recorder.observation(_observation(Fault(criterion.metric, reason), criterion.controls))


def _observation(about: About, controls: tuple[str, ...]) -> Observation:
    check = next(check for start, check in _CHECKS.items() if about.metric.startswith(start))
    return Observation(check, about, controls)


class _Run:
    """The steps of one run, and what the later ones need of the earlier."""

    def __init__(self, bench: AiBench, recorder: Recorder) -> None:
        self._subject, self._options = bench.subject, bench.options
        self._bench, self._recorder = bench, recorder
        self._controls = {each.metric: each.controls for each in bench.criteria}
        self._warmed = Warmup(0, False, 0.0)
        self._caveats: tuple[str, ...] = ()
        #: seconds that one query takes of a full batch.
        self._batched_s = 0.0
        #: what the figures show, by its name in them.
        self._shown: dict[str, Sequence[Block]] = {}

    def run(self) -> None:
        """Single queries first, and in turns with a rival; then as fast as it goes, which says what
        rates make sense; then the offered load, and other rates for the curve.
        """
        self._warm_up()
        steps = {
            SINGLE_STREAM: self._single_stream,
            OFFLINE: self._offline,
            SERVER: self._server,
        }
        for scenario, step in steps.items():
            if scenario in self._options.scenarios:
                step()
        if self._shown:
            metric = SERVER_P99 if SERVER in self._options.scenarios else SINGLE_P99
            self._observe(figures(self._shown, metric, self._options.limits.latency_s))

    def _warm_up(self) -> None:
        self._warmed = self._subject.warm_up()
        batches = self._warmed.batch_s
        self._batched_s = min(
            seconds / size for size, seconds in {1: self._warmed.median_s, **batches}.items()
        )
        if self._bench.rival is not None:
            self._bench.rival.warm_up()
        self._caveats = (f"timed on {self._subject.device}", *self._subject.caveats)
        if not self._warmed.settled:
            self._caveats += ("the times had not settled when the warm-up was over",)
        self._recorder.note(
            NOTE,
            {
                "model": self._subject.name,
                "device": str(self._subject.device),
                "fingerprint": dict(self._subject.fingerprint),
                "options": to_plain(self._options),
                "warmup": to_plain(self._warmed),
            },
        )

    def _single_stream(self) -> None:
        count = queries_per_block(self._options, self._warmed.median_s)
        rival = self._bench.rival
        own: list[Block] = []
        theirs: list[Block] = []
        for number in self._numbers():
            turns: list[tuple[Subject, list[Block]]] = [(self._subject, own)]
            if rival is not None:
                turns.append((rival, theirs))
            # A/B, B/A, A/B: neither always has the cache that the other left.
            for subject, blocks in turns if number % 2 else reversed(turns):
                blocks.append(subject.single_stream(count, self._options.seed + number))
        self._shown["one at a time"] = own
        raw = self._raw(SINGLE_STREAM, own)
        self._observe(of_single_stream(own, self._options, self._told(own)), raw)
        confidence = self._options.confidence
        if self._bench.baseline is not None:
            self._observe(against_baseline(self._bench.baseline, own, confidence), raw)
        if rival is not None:
            raw += self._raw(f"{SINGLE_STREAM}, rival", theirs)
            self._observe(against_rival(theirs, own, confidence, name=rival.name), raw)

    def _offline(self) -> None:
        count = queries_per_block(self._options, self._batched_s, batches=True)
        blocks = [
            self._subject.offline(count, self._options.seed + number) for number in self._numbers()
        ]
        self._batched_s = sum(b.elapsed_s for b in blocks) / sum(len(b.latencies) for b in blocks)
        raw = self._raw(OFFLINE, blocks)
        self._observe(of_offline(blocks, self._options, self._told(blocks)), raw)

    def _server(self) -> None:
        rate = self._options.limits.throughput_rps
        watch = self._watch()
        count = queries_per_block(
            self._options,
            max(1 / rate, self._batched_s),
            least_s=self._least_window_s(rate) if watch is None else LEAST_WINDOW_S,
        )
        blocks: list[Block] = []
        windows: list[Window] = []
        with watch or nullcontext():
            for number in self._numbers():
                start = self._subject.now()
                blocks.append(self._subject.server(rate, count, self._options.seed + number))
                windows.append((start, self._subject.now()))
        self._shown[f"{rate:g} a second"] = blocks
        raw = self._raw(SERVER, blocks)
        self._observe(of_server(blocks, self._options, self._told(blocks)), raw)
        if watch is not None:
            self._observe(self._of_gpu(watch, windows))
        capacity_rps = 1 / self._batched_s
        if self._options.sweep and takes_s(capacity_rps) <= self._options.longest_s:
            rates = swept_rates(capacity_rps)
            points = sweep(self._subject, rates, self._options.seed)
            self._observe([sweep_exhibit(points, self._options.limits)])

    def _least_window_s(self, rate: float) -> float:
        """How long a block under load lasts at least: a queue that grows takes time to show."""
        options = self._options
        fits_s = options.longest_s / options.blocks
        return min(LEAST_WINDOW_S, fits_s, _MOST_QUERIES / rate)

    def _watch(self) -> GpuSampler | None:
        """What reads the GPU, where its utilization is judged; a gap where there is none."""
        if self._options.limits.gpu_utilization is None:
            return None
        device = self._subject.device
        if device.kind == "cuda":
            try:
                return GpuSampler(self._bench.nvml, device, now=self._subject.now)
            except UsageError as error:
                self._record(Fault(GPU_UTILIZATION, str(error)))
                return None
        reason = f"timed on {device}, where no GPU's utilization can be read"
        self._record(Gap(GPU_UTILIZATION, reason))
        return None

    def _of_gpu(
        self, watch: GpuSampler, windows: Sequence[Window]
    ) -> Iterator[Measurement | Exhibit]:
        confidence = self._options.confidence
        yield from gpu_measurements(
            watch.samples, windows, confidence=confidence, trouble=watch.trouble
        )
        if watch.samples:
            yield gpu_exhibit(watch.samples, self._options.limits.gpu_utilization)

    def _told(self, blocks: Sequence[Block]) -> tuple[str, ...]:
        """What a reader must know beside the numbers of a scenario."""
        if len(blocks) == self._options.blocks:
            return self._caveats
        short = f"{len(blocks)} of {self._options.blocks} blocks; then the scenario's time was over"
        return (*self._caveats, f"{short}: --scenario-time gives it more")

    def _numbers(self) -> Iterator[int]:
        return block_numbers(self._options, self._subject.now)

    def _raw(self, scenario: str, blocks: Sequence[Block]) -> tuple[str, ...]:
        """Keep every latency as evidence, and return its digest."""
        plain = {
            "scenario": scenario,
            "unit": "ns",
            "blocks": [[round(each * 1e9) for each in block.latencies] for block in blocks],
        }
        return (self._recorder.blob(canonical_bytes(plain), "application/json"),)

    def _observe(
        self, seen: Iterable[Measurement | Exhibit], evidence: tuple[str, ...] = ()
    ) -> None:
        for about in seen:
            self._record(about, evidence)
            if isinstance(about, Measurement):
                self._found(about)

    def _found(self, measured: Measurement) -> None:
        found = finding(measured, self._options, self._warmed.batch_s)
        if found is not None:
            self._record(found)

    def _record(self, about: About, evidence: tuple[str, ...] = ()) -> None:
        observation = _observation(about, self._controls.get(about.metric, ()))
        self._recorder.observation(replace(observation, evidence=evidence))
