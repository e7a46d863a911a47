"""What an assessment saw, in OSCAL: an observation for each criterion, and for each word of people.

Evidence is referred to by the resources of the back matter, each with the digest that was sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinigate import __version__
from clinigate.controls.catalogue import ControlCatalogue
from clinigate.controls.oscal_terms import Plain, oscal_id, prop, uuid_of
from clinigate.controls.standing import State
from clinigate.core.criterion import Criterion
from clinigate.core.exhibit import Exhibit
from clinigate.core.observation import Finding
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.evidence.names import RESULTS, blob_path
from clinigate.reports.clauserows import ClauseRow
from clinigate.reports.model import CriterionRow, Report
from clinigate.reports.text import one_line

__all__ = ["Evidence", "observation_uuid", "observations_of", "prose", "said", "word_uuid"]

#: Raw evidence that one observation refers to; more is in the sealed results.
MAX_EVIDENCE = 20
#: What OSCAL's markup acts on: emphasis, code, links, HTML, insertions (`{{ insert: … }}`).
_MARKUP = re.compile(r"([\\`*<\[{&]|(?<!\w)_|_(?!\w))")


def said(text: str) -> str:
    """Return a text as OSCAL takes it: on one line, never empty, nothing in it acts unseen."""
    return one_line(text) or "none"


def prose(text: str) -> str:
    """Return a text for titles, descriptions and remarks, which OSCAL reads as Markdown and HTML.

    What a stranger said is shown there as it is: no link, no picture, no insertion.
    """
    return _MARKUP.sub(r"\\\1", said(text))


@dataclass(frozen=True, slots=True)
class Evidence:
    """The UUIDs that observations refer to, and the back matter behind them.

    Attributes:
        system, tool: what was evaluated, and what did it.
        plan: the resource in which the plan stands.
        resources: the back matter. known: by path the UUID of each resource.
    """

    system: str
    tool: str
    plan: str
    resources: list[Plain]
    known: dict[str, str]

    @classmethod
    def of(cls, results: Results, report: Report) -> Evidence:
        """Return what a run's observations may refer to."""
        sealed = (
            {file.path: file.sha256 for file in report.evidence.files} if report.evidence else {}
        )
        wanted = [RESULTS, *(path for path in _blobs(results) if path in sealed)]
        known = {path: uuid_of("resource", results.run, path) for path in wanted}
        return cls(
            system=uuid_of("system", results.subject.name, results.subject.version),
            tool=uuid_of("tool", __version__),
            plan=known[RESULTS],
            resources=[_resource(path, known[path], sealed.get(path)) for path in wanted],
            known=known,
        )


def _blobs(results: Results) -> Iterator[str]:
    """The raw evidence that measurements rest on, each once."""
    digests = dict.fromkeys(
        digest
        for observation in results.observations
        if not isinstance(observation.about, Finding)
        for digest in observation.evidence
    )
    yield from (blob_path(digest) for digest in digests)


def _resource(path: str, uuid: str, digest: str | None) -> Plain:
    link: Plain = {"href": f"../{path}"}
    if digest is not None:
        link["hashes"] = [{"algorithm": "SHA-256", "value": digest}]
    return {"uuid": uuid, "title": path, "rlinks": [link]}


def observations_of(
    results: Results,
    report: Report,
    rows: Sequence[ClauseRow],
    catalogue: ControlCatalogue,
    evidence: Evidence,
) -> list[Plain]:
    """Return an observation for each verdict, and for each clause that rests on a word alone."""
    criteria = {each.id: each for each in results.criteria}
    told = {row.criterion: row for row in report.criteria}
    desk = _Desk(results, catalogue, evidence)
    tested = [
        desk.tested(verdict, criteria.get(verdict.criterion), told.get(verdict.criterion))
        for verdict in results.verdicts
    ]
    return tested + [desk.attested(row) for row in rows if row.state is State.ATTESTED]


def observation_uuid(run: str, criterion: str) -> str:
    """Return the UUID of what was seen of a criterion."""
    return uuid_of("observation", run, criterion)


def word_uuid(run: str, clause: str) -> str:
    """Return the UUID of what people attest of a clause."""
    return uuid_of("word", run, clause)


class _Desk:
    """Where observations of one run are written."""

    def __init__(self, results: Results, catalogue: ControlCatalogue, evidence: Evidence) -> None:
        self._run, self._end = results.run, results.finished_at
        self._catalogue, self._evidence = catalogue, evidence
        self._seen: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for each in results.observations:
            if not isinstance(each.about, Exhibit | Finding):
                self._seen.setdefault(each.about.metric, []).append((each.check, each.evidence))

    def tested(
        self, verdict: Verdict, criterion: Criterion | None, row: CriterionRow | None
    ) -> Plain:
        """What a criterion's checks saw, and how it was judged."""
        seen = self._seen.get(verdict.metric, [])
        props = [prop("criterion", said(verdict.criterion)), prop("verdict", str(verdict.status))]
        props += [prop("check", said(check)) for check in dict.fromkeys(name for name, _ in seen)]
        props += [
            prop("control", self._control(c)) for c in (criterion.controls if criterion else ())
        ]
        props += [] if row is None else list(_numbers(row))
        digests = dict.fromkeys(digest for _, given in seen for digest in given)
        named = verdict.criterion if criterion is None else criterion.title or criterion.id
        return {
            "uuid": observation_uuid(self._run, verdict.criterion),
            "title": prose(named),
            "description": prose(verdict.reason),
            "props": props,
            "methods": ["TEST"],
            "types": ["control-objective" if verdict.status is Status.PASS else "finding"],
            **self._about(),
            "relevant-evidence": [
                self._evidence_of(path)
                for path in (RESULTS, *map(blob_path, list(digests)[:MAX_EVIDENCE]))
                if path in self._evidence.known
            ],
            "collected": self._end,
        }

    def attested(self, row: ClauseRow) -> Plain:
        """What people say of a clause."""
        return {
            "uuid": word_uuid(self._run, row.id),
            "title": prose(f"Attested: {row.citation}"),
            "description": prose(row.why),
            "props": [prop("control", self._control(row.id))],
            "methods": ["EXAMINE"],
            "types": ["control-objective"],
            **self._about(),
            "collected": self._end,
        }

    def _control(self, control_id: str) -> str:
        """The control as the catalog has it; one that nobody knows stays, for the lint to find."""
        if control_id in self._catalogue:
            return oscal_id(self._catalogue.get(control_id))
        return said(control_id)

    def _about(self) -> Plain:
        return {
            "origins": [{"actors": [{"type": "tool", "actor-uuid": self._evidence.tool}]}],
            "subjects": [{"subject-uuid": self._evidence.system, "type": "component"}],
        }

    def _evidence_of(self, path: str) -> Plain:
        return {"href": f"#{self._evidence.known[path]}", "description": path}


def _numbers(row: CriterionRow) -> Iterator[Plain]:
    named = (
        ("limit", row.limit),
        ("estimate", row.estimate),
        ("bound", row.bound),
        ("confidence", row.confidence),
        ("size", row.size),
        ("method", row.method),
    )
    yield from (prop(name, said(value)) for name, value in named if value)
