"""What one scan of the platform found, ready to be recorded, printed or written as SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinigate import __version__
from clinigate.core.criterion import Criterion
from clinigate.core.flaw import FlawSeverity
from clinigate.core.observation import Observation
from clinigate.evidence.recorder import Recorder
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.observe import not_looked, records
from clinigate.platform.criteria import criteria_of
from clinigate.platform.judge import TopicScan
from clinigate.platform.observe import observations

__all__ = ["SCANNER", "PlatformScan", "count_of"]

SCANNER = "clinigate platform"
_REMARKS = ("CG-PLAT-REMARKS-001", "platform.remarks")


def count_of(count: int, what: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


@dataclass(frozen=True, slots=True)
class PlatformScan:
    """One scan.

    Attributes:
        topics: what the rules saw, one for each topic that was asked for.
        nothing: by metric, what to say where a topic had nothing to look at.
        files: manifests that were read.
        cluster: the live cluster that was read, as its context names it.
        resources: how many resources were judged.
        unread: what could not be read; no topic passes then.
        others: files that are no manifests, and parts of files.
        not_judged: kinds that no rule knows, as `example.com/Widget`, and how many there are.
        remarks: for information: acceptances that accept nothing, kinds that no rule knows.
    """

    topics: tuple[TopicScan, ...]
    nothing: Mapping[str, str]
    files: tuple[str, ...] = ()
    cluster: str | None = None
    resources: int = 0
    unread: tuple[Excluded, ...] = ()
    others: tuple[Excluded, ...] = ()
    not_judged: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Found, ...] = ()

    @property
    def findings(self) -> tuple[Found, ...]:
        """All that was found, accepted or not, by place."""
        found = (each for topic in self.topics for each in topic.findings)
        return tuple(sorted((*found, *self.remarks), key=in_order))

    @property
    def counted(self) -> tuple[Found, ...]:
        """What counts, or would if nobody had accepted it: all but remarks."""
        return tuple(each for each in self.findings if each.flaw.severity is not FlawSeverity.INFO)

    @property
    def looked_at(self) -> tuple[TopicScan, ...]:
        """Topics that had something to look at, or were asked for and could not look."""
        return tuple(
            each
            for each in self.topics
            if each.units or each.excluded or each.faults or each.missing
        )

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What the scan is judged by: the topics that had something to look at, else all of them.

        What a policy demands beyond these is NOT_ASSESSED at the gate, with the reason recorded.
        """
        return criteria_of(each.topic for each in (self.looked_at or self.topics))

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """All that could not be judged, by any rule."""
        every = (*self.unread, *(each for topic in self.topics for each in topic.excluded))
        return tuple(dict.fromkeys(every))

    @property
    def summary(self) -> str:
        """What was looked at, as `2 files and cluster staging, 31 resources`."""
        parts = []
        if self.files or self.cluster is None:
            parts.append(count_of(len(self.files), "file"))
        if self.cluster is not None:
            parts.append(f"cluster {self.cluster}")
        return f"{' and '.join(parts)}, {count_of(self.resources, 'resource')}"

    def observations(self) -> Iterator[Observation]:
        """Yield the census of each topic, or why there is none, and every finding."""
        for topic in self.topics:
            nothing = self.nothing.get(topic.topic.metric, "")
            yield from observations(topic, unread=self.unread, nothing=nothing)
        if self.remarks:
            # Findings of what nobody measures would be findings of nothing.
            reason = (
                "for information: kinds that no rule knows were not judged, and acceptances may "
                "accept nothing; the findings name them"
            )
            yield not_looked(*_REMARKS, reason)
        yield from records(*_REMARKS, self.remarks)

    def record(self, recorder: Recorder) -> None:
        """Hand everything to a run.

        Raises:
            EvidenceError: it cannot be written.
        """
        for each in self.observations():
            recorder.observation(each)
        recorder.note("platform", self._note())

    def result(self) -> ScanResult:
        """The scan as all scanners hand it on; SARIF is made of it."""
        units = (*self.files, *(() if self.cluster is None else (f"k8s://{self.cluster}",)))
        return ScanResult(SCANNER, __version__, units, self.excluded, self.findings)

    def _note(self) -> dict[str, Any]:
        return {
            "files": list(self.files),
            "cluster": self.cluster,
            "resources": self.resources,
            "unread": _plain(self.unread),
            "no_manifests": _plain(self.others),
            "not_judged": dict(self.not_judged),
        }


def _plain(entries: Sequence[Excluded]) -> list[dict[str, str]]:
    return [{"unit": each.unit, "reason": each.reason} for each in entries]
