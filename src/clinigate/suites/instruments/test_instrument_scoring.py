"""Questionnaires are scored as they are published.

Run it against the target that clinigate.toml describes in [target.scoring]:

    python -m pytest --pyargs clinigate.suites.instruments --clinical-grade

Where many sheets fit into one request, and for a function, every sheet there is gets asked;
otherwise a choice that meets every total, band and single item, and sheets drawn at random. The
verdict says which. A questionnaire that the target does not score is skipped, and fails under
--clinical-grade unless the policy does not require it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Assess = Callable[[str], None]


@pytest.mark.clinical
def test_phq9_is_scored_and_item_9_calls_for_somebody(assess: Assess) -> None:
    """Totals, bands and screen of PHQ-9; item 9 whatever the total; what nobody may score."""
    assess("CG-INST-PHQ9-001")


@pytest.mark.clinical
def test_gad7_is_scored(assess: Assess) -> None:
    """Totals, bands and screen of GAD-7; what nobody may score."""
    assess("CG-INST-GAD7-001")


@pytest.mark.clinical
def test_who5_is_scored(assess: Assess) -> None:
    """Totals and screen of WHO-5, of which more is better; what nobody may score."""
    assess("CG-INST-WHO5-001")


@pytest.mark.clinical
def test_ucla3_is_scored(assess: Assess) -> None:
    """Totals and screen of the three-item loneliness scale; what nobody may score."""
    assess("CG-INST-UCLA3-001")
