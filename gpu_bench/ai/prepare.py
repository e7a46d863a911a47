"""From what was asked for to a benchmark that is ready to run; what cannot be meant is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from clinigate.config.loader import LoadedConfig
from clinigate.config.target import ReplaySpec, ServiceSpec, TargetSpec
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.evidence.trust import TrustStore
from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.criteria import SERVER, SINGLE_STREAM
from clinigate.gpu_bench.ai.device import Device, host_device
from clinigate.gpu_bench.ai.loading import BUNDLED, load_model
from clinigate.gpu_bench.ai.local import LocalSubject
from clinigate.gpu_bench.ai.nvml import import_nvml
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.run import AiBench
from clinigate.gpu_bench.ai.subject import Subject
from clinigate.gpu_bench.ai.warmup import Warmup
from clinigate.gpu_bench.regression.baseline import Baseline, differences, read_baseline

__all__ = ["AiRequest", "prepared"]


@dataclass(frozen=True, slots=True)
class AiRequest:
    """What was asked for.

    Attributes:
        options: what to do.
        model: `module:attr`, or `encoder` for the one that comes with Clinigate.
        remote: time the configured target in place of a model.
        compare: an earlier version of the model, as `module:attr`.
        device: `auto`, `cpu` or `cuda`.
        threads: of torch on the CPU; None takes as many as there are cores.
        allow_cpu: leave a limit of the GPU out where there is none.
        baseline: bundle of an earlier run.
    """

    options: AiOptions
    model: str = BUNDLED
    remote: bool = False
    compare: str | None = None
    device: str = "auto"
    threads: int | None = None
    allow_cpu: bool = False
    baseline: Path | None = None

    def __post_init__(self) -> None:
        options = self.options
        if self.remote and (self.model != BUNDLED or self.compare is not None):
            raise UsageError(
                "--target times the configured service; leave --model and --compare out"
            )
        if self.remote and self.device != "auto":
            raise UsageError("--device says where a model runs; a --target runs where it runs")
        if self.baseline is not None and self.compare is not None:
            raise UsageError("give --baseline or --compare; both would judge the same criterion")
        compared = self.baseline is not None or self.compare is not None
        if compared and SINGLE_STREAM not in options.scenarios:
            raise UsageError(f"a comparison needs the scenario {SINGLE_STREAM}")
        if options.limits.gpu_utilization is not None and SERVER not in options.scenarios:
            raise UsageError(
                f"--gpu-utilization-max needs the scenario {SERVER}, whose load is fixed"
            )


@contextmanager
def prepared(
    request: AiRequest, config: LoadedConfig, trust: TrustStore | None
) -> Iterator[AiBench]:
    """Load the model or build the target, and read the baseline; release them at the end.

    A model whose own code fails is no mistake of the caller's: the benchmark then records it.

    Args:
        request: what was asked for.
        config: where relative names are looked up, and the target.
        trust: whose signatures count on a baseline.

    Raises:
        UsageError: a device or a module that is not there, or a baseline that cannot be compared.
        IntegrityError: a baseline that was changed.
    """
    earlier = None if request.baseline is None else read_baseline(request.baseline, trust)
    with ExitStack() as stack:
        if request.remote:
            subject = _remote(request, config, stack)
        else:
            subject = _model(request.model, request, config)
        if earlier is not None:
            _refuse_other(request.baseline, earlier, subject)
        rival = None if request.compare is None else _model(request.compare, request, config)
        broken = isinstance(subject, _Broken) or isinstance(rival, _Broken)
        if rival is not None and not broken and rival.device != subject.device:
            raise UsageError(
                f"--compare {rival.name}: runs on {rival.device}, and {subject.name} on "
                f"{subject.device}; a comparison needs one device"
            )
        judged = request.options.limits.gpu_utilization is not None
        nvml = import_nvml() if judged and subject.device.kind == "cuda" else None
        yield AiBench(
            subject,
            request.options,
            nvml=nvml,
            allow_cpu=request.allow_cpu,
            baseline=earlier,
            rival=rival,
        )


def _model(reference: str, request: AiRequest, config: LoadedConfig) -> Subject:
    try:
        model = load_model(
            reference,
            device=request.device,
            seed=request.options.seed,
            base_dir=config.base_dir,
            threads=request.threads,
        )
    except TargetError as error:
        return _Broken(reference, str(error))
    return LocalSubject(model, request.options)


def _remote(request: AiRequest, config: LoadedConfig, stack: ExitStack) -> Subject:
    # An HTTP client is loaded where one is needed.
    from clinigate.gpu_bench.ai.remote import RemoteSubject
    from clinigate.targets.build import build_target

    spec = config.config.target
    if spec is None:
        raise ConfigError(f"{config.source}: --target needs a [target] table, and there is none")
    timeout_s, limit_s = config.config.run.timeout_s, request.options.limits.latency_s
    if limit_s >= timeout_s:
        raise UsageError(
            f"--latency-threshold is {limit_s:g} s and must lie below [run] timeout_s, which is "
            f"{timeout_s:g} s: a request without an answer counts as that long, and would be in "
            "time; lower the one or raise the other"
        )
    target = build_target(_without_retries(spec), base_dir=config.base_dir)
    subject = RemoteSubject(
        target,
        request.options,
        timeout_s=timeout_s,
        caveats=_driven(spec),
    )
    return stack.enter_context(subject)


def _without_retries(spec: TargetSpec) -> TargetSpec:
    """A second try would hide that the first one failed, and the time that it took."""
    if isinstance(spec, ServiceSpec):
        return spec.model_copy(update={"retries": 0})
    return spec


def _driven(spec: TargetSpec) -> tuple[str, ...]:
    """Say how hard the configuration lets the target be driven: what waits for that counts too."""
    if isinstance(spec, ReplaySpec):
        return ()
    limits = spec.limits
    rate = limits.requests_per_minute
    pace = "" if rate is None else f" and {rate:g} a minute"
    told = (
        f"at most {limits.concurrency} requests at one time{pace}, as [target.limits] says; under "
        "load what waits for that counts as the service's"
    )
    return (told,)


def _refuse_other(path: Path | None, earlier: Baseline, subject: Subject) -> None:
    if isinstance(subject, _Broken):
        return
    other = differences(earlier.fingerprint, subject.fingerprint)
    if other:
        raise UsageError(f"--baseline {path}: timed something else: {'; '.join(other)}")


class _Broken:
    """A model that did not load: every scenario says why."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.device: Device = host_device()
        self.fingerprint: Mapping[str, str] = {}
        self.caveats: tuple[str, ...] = ()
        self._reason = reason

    def warm_up(self) -> Warmup:
        self._refuse()

    def single_stream(self, count: int, seed: int) -> Block:  # noqa: ARG002 - the protocol's
        self._refuse()

    def server(self, rate: float, count: int, seed: int) -> Block:  # noqa: ARG002 - the protocol's
        self._refuse()

    def offline(self, count: int, seed: int) -> Block:  # noqa: ARG002 - the protocol's
        self._refuse()

    def now(self) -> float:
        return 0.0

    def _refuse(self) -> NoReturn:
        raise TargetError(self._reason)
