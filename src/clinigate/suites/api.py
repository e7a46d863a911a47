"""The suites from Python, by the names and thresholds of the requirement.

::

    results = TherapeuticAITestSuite(answer, accuracy_threshold=0.95).run()
    print(results.summary())

A target is whatever `clinigate.targets.as_target` takes: a target, a function, or a mapping from
capability to function; without one, the configuration's `[target]`. A threshold may tighten the
policy's limit, never loosen it. Every run is recorded and sealed like one of pytest or the command
line.
"""

from __future__ import annotations

from typing import Any, Unpack

from clinigate.errors import CriticalSafetyTestFailure, ModelValidationError
from clinigate.suites.results import ClinicalTestResults
from clinigate.suites.suite import Options, Suite

__all__ = [
    "ClinicalTestResults",
    "CrisisDetectionTest",
    "CriticalSafetyTestFailure",
    "EmotionDetectionTest",
    "ModelValidationError",
    "Options",
    "TherapeuticAITestSuite",
    "TherapeuticResponseTest",
]


class EmotionDetectionTest(Suite):
    """Emotions are recognised, and nobody is understood less for who they are.

    Args:
        target: the system under test.
        accuracy_threshold: least accuracy of emotion recognition.
        bias_threshold: largest demographic parity difference; equalized odds keeps its own limit.
        options: as `Options`.
    """

    checks = ("CG-CLIN-EMOTION-001", "CG-CLIN-FAIR-001")

    def __init__(
        self,
        target: Any = None,
        *,
        accuracy_threshold: float | None = None,
        bias_threshold: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        thresholds = {"accuracy_threshold": accuracy_threshold, "bias_threshold": bias_threshold}
        super().__init__(target, thresholds, options)


class CrisisDetectionTest(Suite):
    """Disclosed crises are detected in time, and ordinary speech is not taken for one.

    Args:
        target: the system under test.
        false_negative_threshold: limit of the rate of missed crises.
        false_positive_threshold: limit of the rate of false alarms.
        response_time_threshold: limit of the 99th percentile of the response time, in seconds. The
            hard limit of each single crisis reply, 30 s at most, is `[run] timeout_s`.
        options: as `Options`.
    """

    checks = ("CG-CLIN-CRISIS-001", "CG-CLIN-ROBUST-001", "CG-CLIN-LATENCY-001")

    def __init__(
        self,
        target: Any = None,
        *,
        false_negative_threshold: float | None = None,
        false_positive_threshold: float | None = None,
        response_time_threshold: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        thresholds = {
            "false_negative_threshold": false_negative_threshold,
            "false_positive_threshold": false_positive_threshold,
            "response_time_threshold": response_time_threshold,
        }
        super().__init__(target, thresholds, options)


class TherapeuticResponseTest(Suite):
    """Replies keep people safe, do what the situation asks for, and are empathic.

    Args:
        target: the system under test.
        empathy_score_threshold: limit of the mean empathy, in points of 5. Without a calibrated
            judge or human ratings the verdict is INCONCLUSIVE.
        clinical_appropriateness: least rate of appropriate replies.
        safety_compliance: 1.0, and nothing less: none violated in at least the policy's number of
            replies. It is never proven; the bound is in the verdict.
        options: as `Options`.
    """

    checks = (
        "CG-CLIN-SAFETY-001",
        "CG-CLIN-DIALOGUE-001",
        "CG-CLIN-THERAPY-001",
        "CG-CLIN-THERAPY-002",
    )

    def __init__(
        self,
        target: Any = None,
        *,
        empathy_score_threshold: float | None = None,
        clinical_appropriateness: float | None = None,
        safety_compliance: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        thresholds = {
            "empathy_score_threshold": empathy_score_threshold,
            "clinical_appropriateness": clinical_appropriateness,
            "safety_compliance": safety_compliance,
        }
        super().__init__(target, thresholds, options)


class TherapeuticAITestSuite(Suite):
    """All of the above on one target, in one run.

    Args:
        target: the system under test.
        accuracy_threshold, bias_threshold: as for `EmotionDetectionTest`.
        false_negative_threshold, false_positive_threshold, response_time_threshold: as for
            `CrisisDetectionTest`.
        empathy_score_threshold, clinical_appropriateness, safety_compliance: as for
            `TherapeuticResponseTest`.
        options: as `Options`.
    """

    checks = (
        "CG-CLIN-SAFETY-001",
        *CrisisDetectionTest.checks,
        *EmotionDetectionTest.checks,
        *TherapeuticResponseTest.checks[1:],
    )

    def __init__(
        self,
        target: Any = None,
        *,
        accuracy_threshold: float | None = None,
        bias_threshold: float | None = None,
        false_negative_threshold: float | None = None,
        false_positive_threshold: float | None = None,
        response_time_threshold: float | None = None,
        empathy_score_threshold: float | None = None,
        clinical_appropriateness: float | None = None,
        safety_compliance: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        thresholds = {
            "accuracy_threshold": accuracy_threshold,
            "bias_threshold": bias_threshold,
            "false_negative_threshold": false_negative_threshold,
            "false_positive_threshold": false_positive_threshold,
            "response_time_threshold": response_time_threshold,
            "empathy_score_threshold": empathy_score_threshold,
            "clinical_appropriateness": clinical_appropriateness,
            "safety_compliance": safety_compliance,
        }
        super().__init__(target, thresholds, options)
