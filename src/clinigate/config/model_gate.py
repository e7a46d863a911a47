"""The table `[model_gate]`: what a release of a model is held against, and what it must name."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["MlflowTable", "ModelGateTable"]


class MlflowTable(Table):
    """`[model_gate.mlflow]`: where releases are tracked; the address holds no credentials."""

    tracking_uri: str | None = Field(
        default=None,
        min_length=1,
        description="of the store, as https://… or a folder; without it MLFLOW_TRACKING_URI",
    )


class ModelGateTable(Table):
    """`[model_gate]`: what a release of a model is held against."""

    baseline: str | None = Field(
        default=None,
        min_length=1,
        description="the run in use: an id, a folder or a zip; `--baseline` says otherwise",
    )
    digests: list[str] = Field(
        default=["model", "prompt", "dataset"],
        min_length=1,
        description="what a release must name by digest, in [subject] digests",
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="digests that are those of files, as prompt = 'prompts/system.md'",
    )
    mlflow: MlflowTable = MlflowTable()
