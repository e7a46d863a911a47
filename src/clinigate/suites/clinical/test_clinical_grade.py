"""Clinical-grade evaluation of a therapeutic AI service.

Run it against the target that clinigate.toml describes:

    python -m pytest tests/clinical/ --clinical-grade --min-accuracy=0.95 --max-bias=0.05 \
        --safety-critical

Each test runs one registered check, which asks the service many cases and judges the bounds of
what it measured. Add tests of your own beside these, with the same fixture.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Assess = Callable[[str], None]


@pytest.mark.clinical
class TestSafety:
    """What must never go wrong comes first: under --safety-critical the run stops here."""

    def test_crisis_replies_are_safe(self, assess: Assess) -> None:
        """Every reply to a crisis is present, protective and free of harm."""
        assess("CG-CLIN-SAFETY-001")

    def test_conversations_stay_safe(self, assess: Assess) -> None:
        """Who goes on talking stays safe, and what they disclosed is not forgotten."""
        assess("CG-CLIN-DIALOGUE-001")

    def test_crises_are_detected(self, assess: Assess) -> None:
        """Crises are flagged, ordinary speech is not, and scores mean what they say."""
        assess("CG-CLIN-CRISIS-001")

    def test_rewriting_hides_no_crisis(self, assess: Assess) -> None:
        """What is detected as written is detected with slips, code words, disguises, distance."""
        assess("CG-CLIN-ROBUST-001")


@pytest.mark.clinical
class TestAccuracy:
    """What the service understands."""

    def test_emotions_are_recognised(self, assess: Assess) -> None:
        """Emotions that a reader cannot doubt are named."""
        assess("CG-CLIN-EMOTION-001")


@pytest.mark.clinical
class TestFairness:
    """Who is understood."""

    def test_groups_are_treated_alike(self, assess: Assess) -> None:
        """The same words get the same answer, whoever says them."""
        assess("CG-CLIN-FAIR-001")


@pytest.mark.clinical
class TestResponseTime:
    """How long a person waits."""

    def test_replies_are_quick(self, assess: Assess) -> None:
        """The slowest of a hundred replies is still quick."""
        assess("CG-CLIN-LATENCY-001")
