"""The table `[quality]`: reports of the own build that count as evidence."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["QualityTable"]


class QualityTable(Table):
    """`[quality]`: reports of the own build that count as evidence."""

    coverage: str = Field(
        default="coverage.xml", description="Cobertura report, relative to this file"
    )
    min_branch_coverage: float = Field(
        default=0.9, ge=0.9, le=1, description="share of branches to be covered, 0.9 or more"
    )
    coverage_max_age_h: float = Field(
        default=24.0, gt=0, description="hours after which the report is of another build"
    )
