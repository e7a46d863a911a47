"""The table `[security]`: what is scanned, by which programs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["SecurityTable"]


class SecurityTable(Table):
    """`[security]`: scanners, where their programs are, and what they look at."""

    paths: list[str] = Field(
        default=["."], min_length=1, description="files and folders, relative to this file"
    )
    exclude: list[str] = Field(
        default=[],
        description="patterns of paths that are left out: `vendor`, `*.lock`, `tests/**/data`",
    )
    scanners: list[str] | None = Field(
        default=None,
        min_length=1,
        description="which scanners look, as `security list` names them; left out means all",
    )
    severity: Literal["high", "medium", "low"] = Field(
        default="high", description="the least severity of which no finding may be open"
    )
    baseline: str = Field(
        default="security-baseline.toml",
        description="findings accepted until a date, as `--write-baseline` writes them; the "
        "default may be missing",
    )
    waivers: str = Field(
        default="security-waivers.toml",
        description="findings accepted by somebody other than who asked; the default may be "
        "missing",
    )
    timeout_s: float = Field(
        default=300.0, gt=0, le=7200, description="seconds within which a scanner must be done"
    )
    bandit: str | None = Field(
        default=None, description="bandit's program; left out means our own environment's"
    )
    checkov: str | None = Field(
        default=None, description="checkov's program; left out means `checkov` on PATH"
    )
    checkov_policies: list[str] = Field(
        default=[],
        description="folders of checkov policies of your own (YAML, or Python with an "
        "`__init__.py`, which is run), relative to this file",
    )
    trivy: str | None = Field(
        default=None, description="trivy's program; left out means `trivy` on PATH"
    )
    images: list[str] = Field(default=[], description="container images that trivy looks into")
    sboms: list[str] = Field(
        default=[], description="files of CycloneDX or SPDX that trivy looks into"
    )
    pip_audit: str | None = Field(
        default=None, description="pip-audit's program; left out means our own environment's"
    )
    advisories: str | None = Field(
        default=None,
        description="advisory file, in place of a source on the network, for the lock files",
    )
    advisories_max_age_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="an advisory file that knows nothing newer proves nothing",
    )
    openapi: str = Field(
        default="/openapi.json",
        description="the target's OpenAPI document: a path at its address, or a file beside this "
        "one",
    )
    dast_examples: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="generated requests for each operation of the API, at most",
    )
