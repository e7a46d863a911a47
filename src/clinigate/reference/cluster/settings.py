"""How a cluster is to be started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clinigate.errors import UsageError
from clinigate.reference import MODELS
from clinigate.reference.operational import checked_defects
from clinigate.reference.web.pacing import Pacing

__all__ = ["Settings"]

_MOST_REPLICAS = 32
_MOST_PATIENCE = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the supervisor is told.

    Attributes:
        directory: where everything of the cluster lies. records_dir: where the database lies, as a
            place that can be full; None means in `directory`.
        defects: names of clinical and operational defects, at most one clinical.
        dsn: of PostgreSQL; empty takes SQLite in a process of its own. cache_url: of Redis.
        requests_per_minute: of the evaluator; 0 sets no limit.
        tokens_per_s, first_token_s: how fast replies are said; 0 says them at once.
        resolve_after_s: how long the people behind the desk take.
        patience: what replicas multiply every deadline of a dependency with; more than 1 is for
            hosts so slow that a dependency seems lost where it is only late.
    """

    directory: Path
    replicas: int = 2
    model: str = "calibrator"
    defects: Sequence[str] = ()
    records_dir: Path | None = None
    dsn: str = ""
    cache_url: str = ""
    requests_per_minute: int = 0
    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    resolve_after_s: float = 0.05
    patience: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.replicas <= _MOST_REPLICAS:
            raise UsageError(f"replicas is {self.replicas}; it must be 1 to {_MOST_REPLICAS}")
        if self.model not in MODELS:
            raise UsageError(f"unknown model {self.model!r}; choose one of {', '.join(MODELS)}")
        if self.requests_per_minute < 0:
            raise UsageError("requests_per_minute is negative; 0 sets no limit")
        if not 0 < self.patience <= _MOST_PATIENCE:
            raise UsageError(
                f"patience is {self.patience}; it must be above 0, {_MOST_PATIENCE} at most"
            )
        Pacing(self.tokens_per_s, self.first_token_s)
        if isinstance(self.defects, str):
            raise UsageError("defects must be a sequence of names, not one text")
        checked_defects(self.defects)

    def __repr__(self) -> str:
        # A DSN may hold a password.
        return f"Settings({str(self.directory)!r}, replicas={self.replicas})"

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON, for the supervisor's standard input."""
        paths = {"directory": self.directory, "records_dir": self.records_dir}
        plain = {name: path and str(path) for name, path in paths.items()}
        return {**asdict(self), **plain, "defects": list(self.defects)}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Settings:
        """Read what `to_plain` wrote."""
        records = data["records_dir"]
        return cls(
            **{
                **data,
                "directory": Path(data["directory"]),
                "records_dir": Path(records) if records else None,
                "defects": tuple(data["defects"]),
            }
        )
