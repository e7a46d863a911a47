"""What one run of the model's benchmark is to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from clinigate.errors import UsageError
from clinigate.gpu_bench.ai.blocks import LEAST_BLOCKS
from clinigate.gpu_bench.ai.criteria import SCENARIOS, Limits

__all__ = ["AiOptions"]


@dataclass(frozen=True, slots=True)
class AiOptions:
    """One run, decided before anything is asked.

    Attributes:
        limits: what the model must keep.
        scenarios: which of `SCENARIOS` run.
        blocks: stretches of measuring in each scenario; queries: in each stretch.
        max_batch: most queries that are answered at once.
        budget_s: seconds from the arrival of a batch's oldest query to its answer, which decide how
            long a batch waits for more. fixed_wait_s: the wait itself, in place of the budget.
        seed: of queries, arrivals, and the bundled encoder's weights.
        sweep: whether a few other rates are offered, for the throughput-latency curve.
        longest_s: seconds after which a scenario opens no further block; a slow model gets fewer
            queries in a block.
        confidence: one-sided, of all bounds.
    """

    limits: Limits = field(default_factory=Limits)
    scenarios: tuple[str, ...] = SCENARIOS
    blocks: int = 10
    queries: int = 100
    max_batch: int = 16
    budget_s: float = 0.05
    fixed_wait_s: float | None = None
    seed: int = 0
    sweep: bool = True
    longest_s: float = 60.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        unknown = sorted(set(self.scenarios) - set(SCENARIOS))
        if unknown or not self.scenarios:
            raise UsageError(
                f"scenarios: got {', '.join(unknown) or 'none'}, there are {', '.join(SCENARIOS)}"
            )
        if self.blocks < LEAST_BLOCKS:
            raise UsageError(
                f"blocks is {self.blocks}; fewer than {LEAST_BLOCKS} give no bound at 95%"
            )
        if self.queries < 1 or self.max_batch < 1:
            raise UsageError("queries and max_batch must be at least 1")
