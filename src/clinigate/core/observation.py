"""What a producer hands to the recorder."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.exhibit import Exhibit
from clinigate.core.flaw import Flaw
from clinigate.core.measurement import Measurement, Scope

__all__ = ["Fault", "Finding", "Gap", "Observation"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that went wrong, for a reader to act on; measurements decide, findings explain.

    Attributes:
        metric: the measurement that counted it.
        message: what was expected and what came, in one sentence.
        case_id: the case that shows it; `clinigate repro` replays it.
        where: the part of the data, as the archetype or the slice.
        stimulus, excerpt: what was said and what was answered, shortened; redacted when recorded.
        flaw: rule, severity and place, where a scan found it; from these SARIF is made.
    """

    metric: str
    message: str
    case_id: str | None = None
    where: str | None = None
    stimulus: str | None = None
    excerpt: str | None = None
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A metric that was not looked at, and why: the target cannot, or nobody selected it.

    `scope` narrows the gap to one scope; None means the metric as a whole.
    """

    metric: str
    reason: str
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A check that broke: its own error, not the target's."""

    metric: str
    reason: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Exactly one thing that a check saw.

    Attributes:
        check: the id of the check that saw it.
        about: what it saw.
        controls: clauses that it speaks to.
        evidence: digests (`sha256:…`) of raw evidence that was recorded as blobs.
    """

    check: str
    about: Measurement | Finding | Gap | Fault | Exhibit
    controls: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
