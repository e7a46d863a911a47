"""Keeps what a producer hands over, and judges it."""

from __future__ import annotations

from typing import Any

from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.model import Experiment
from clinigate.core.canonical import sha256_hex
from clinigate.core.codec import to_plain
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation


class ListRecorder:
    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.notes: list[tuple[str, Any]] = []
        self.blobs: list[tuple[bytes, str]] = []

    def observation(self, observation: Observation) -> None:
        to_plain(observation)
        self.observations.append(observation)

    def note(self, topic: str, body: Any) -> None:
        self.notes.append((topic, to_plain(body)))

    def blob(self, data: bytes, media_type: str) -> str:
        self.blobs.append((data, media_type))
        return f"sha256:{sha256_hex(data)}"

    def of(self, topic: str) -> list[Any]:
        return [body for name, body in self.notes if name == topic]

    def about(self, kind: type) -> list[Any]:
        return [o.about for o in self.observations if isinstance(o.about, kind)]

    def verdicts(self, experiment: Experiment) -> dict[str, str]:
        found = judge_all(experiment_criteria(experiment), self.observations)
        prefix = f"{experiment.prefix}."
        return {verdict.metric.removeprefix(prefix): str(verdict.status) for verdict in found}
