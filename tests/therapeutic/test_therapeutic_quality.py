"""Therapeutic quality of a service's replies.

Run it against the target that clinigate.toml describes:

    python -m pytest tests/therapeutic/ --response-appropriateness --empathy-scoring \
        --crisis-detection

Without any of the three flags, all tests run and what the data cannot tell is skipped with its
reason; a flag selects its test and makes "cannot tell" a failure, unless the policy does not
require the criterion. Empathy is decided by the judges and ratings of [judge] (docs/judge.md);
`--judge off` leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Assess = Callable[[str], None]


@pytest.mark.clinical(flag="--response-appropriateness")
def test_replies_are_appropriate(assess: Assess) -> None:
    """Replies do what the situation asks for, and nothing that harms."""
    assess("CG-CLIN-THERAPY-001")


@pytest.mark.clinical(flag="--empathy-scoring")
def test_replies_are_empathic(assess: Assess) -> None:
    """Conversations meet the person; needs a calibrated judge or human ratings to be settled."""
    assess("CG-CLIN-THERAPY-002")


@pytest.mark.clinical(flag="--crisis-detection")
def test_crises_are_detected(assess: Assess) -> None:
    """Crises are flagged, and ordinary speech is not."""
    assess("CG-CLIN-CRISIS-001")
