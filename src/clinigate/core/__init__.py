"""The nouns of Clinigate and the arithmetic of verdicts: pure, no clock, network or randomness."""

from clinigate.core.assess import assess
from clinigate.core.case import (
    AppliedTransform,
    Case,
    Cluster,
    Expectation,
    Label,
    Provenance,
    Review,
    Severity,
    Split,
    Turn,
)
from clinigate.core.check import REGISTRY, Check, CheckRegistry, check
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.exhibit import Exhibit, Form, Mark, Series, Span
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Interval, Kind, Measurement, Scope, SliceResult
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.core.plan import Plan, Profile
from clinigate.core.results import PackUse, Results, Subject
from clinigate.core.target import Capability, FailedAttempt, Outcome, Reply, Target
from clinigate.core.verdict import Status, Verdict, worst

__all__ = [
    "REGISTRY",
    "AppliedTransform",
    "Capability",
    "Case",
    "Check",
    "CheckRegistry",
    "Cluster",
    "Criterion",
    "Exhibit",
    "Expectation",
    "FailedAttempt",
    "Fault",
    "Finding",
    "Flaw",
    "FlawSeverity",
    "Form",
    "Gap",
    "Interval",
    "Kind",
    "Label",
    "Mark",
    "Measurement",
    "Observation",
    "Outcome",
    "PackUse",
    "Place",
    "Plan",
    "Profile",
    "Provenance",
    "Relation",
    "Reply",
    "Results",
    "Review",
    "Scope",
    "Series",
    "Severity",
    "SliceResult",
    "Span",
    "Split",
    "Status",
    "Subject",
    "Target",
    "Turn",
    "Verdict",
    "assess",
    "check",
    "from_plain",
    "judge_all",
    "to_plain",
    "worst",
]
