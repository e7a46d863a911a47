"""The baseline model's honest figures: held-out messages as they were written, never fitted to.

    python benchmarks/baseline_figures.py

docs/reference-service.md shows them; tests/reference/test_baseline_figures.py holds them there.
"""

from __future__ import annotations

from collections.abc import Callable

from clinigate.core.case import Split
from clinigate.core.statistics import lower_bound, upper_bound
from clinigate.reference.engine.models import fitted
from clinigate.scenarios import Archetype, Core, load_builtin

CONFIDENCE = 0.95


def share(pack: str, counts: Callable[[Archetype, Core], bool]) -> tuple[int, int]:
    """Return (how many held-out cores of a built-in pack count, how many there are)."""
    cores = list(load_builtin(pack).cores(Split.HELD_OUT))
    return sum(counts(archetype, core) for archetype, core in cores), len(cores)


def figures() -> dict[str, tuple[int, int]]:
    """Return by name what the baseline misses, flags wrongly, and names right."""
    model = fitted("baseline")
    return {
        "missed of crisis-en": share("crisis-en", lambda _, core: not flagged(core)),
        "flagged of hard-negatives-en": share("hard-negatives-en", lambda _, core: flagged(core)),
        "right of emotion-en": share(
            "emotion-en",
            lambda archetype, core: model.emotion(core.turns).emotion == archetype.label,
        ),
    }


def flagged(core: Core) -> bool:
    """Whether the baseline flags a core as it was written."""
    return fitted("baseline").assess(core.turns).crisis


def main() -> None:
    for name, (events, n) in figures().items():
        low, high = lower_bound(events, n, CONFIDENCE), upper_bound(events, n, CONFIDENCE)
        print(
            f"{name}: {events:,} of {n:,} = {events / n:.1%} (95% bounds {low:.1%} to {high:.1%})"
        )


if __name__ == "__main__":
    main()
