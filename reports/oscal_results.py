"""A run as OSCAL assessment results: each criterion an observation, each clause a finding.

Every clause of the catalogues that the run speaks to has its finding, whether anybody looked at it
or not: OSCAL knows `satisfied` and `not-satisfied` alone, and what nobody showed is not satisfied,
for the reason `other`. The property `state` has our own word for it. The same run and decision
give the same bytes: UUIDs are of version 5, and times are the run's.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate import __version__
from clinigate.controls import load_catalogue
from clinigate.controls.catalogue import ControlCatalogue
from clinigate.controls.loader import load_heads
from clinigate.controls.oscal import oscal_catalog
from clinigate.controls.oscal_results_lint import lint_results
from clinigate.controls.oscal_terms import OSCAL_VERSION, Plain, oscal_id, prop, uuid_of
from clinigate.core.results import Results
from clinigate.errors import IntegrityError, UsageError
from clinigate.reports.model import Report
from clinigate.reports.oscal_findings import findings_of, risks_of
from clinigate.reports.oscal_observations import Evidence, observations_of, prose, said
from clinigate.reports.sealed import RecordFact

__all__ = ["PROFILE_FILE", "checked_results", "frameworks_of", "oscal_results"]

_ASSESSOR = "assessor"
_SIGNER = "signer"
_MEANING = (
    "Made from the evidence of a run, whose digests it names. It is not signed itself, and states "
    "neither that a control is effective nor that the law is complied with."
)
#: The profile that selects what is reviewed, beside this document.
PROFILE_FILE = "oscal-profile.json"


def checked_results(results: Results, report: Report) -> Plain:
    """Return `oscal_results`, after every reference in it was followed.

    Raises:
        UsageError: nothing of the run speaks to any clause.
        IntegrityError: a reference leads nowhere, as a criterion's to a clause that nobody knows.
    """
    document = oscal_results(results, report)
    wrong = lint_results(document, oscal_catalog(frameworks_of(report)))
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise IntegrityError(f"run {results.run}: no OSCAL results: {wrong[0]}{more}")
    return document


def frameworks_of(report: Report) -> tuple[str, ...]:
    """Return the names of the catalogues that a run speaks to, in their order.

    Raises:
        UsageError: it speaks to none.
    """
    groups = () if report.clauses is None else report.clauses.groups
    known = {head.name for head in load_heads()}
    asked = {clause.citation for clause in (report.gate.clauses if report.gate else ())}
    names = tuple(
        group.name
        for group in groups
        if group.name in known
        and (group.touched or any(r.criteria or r.citation in asked for r in group.rows))
    )
    if not names:
        raise UsageError(
            f"run {report.run}: none of its criteria speaks to a clause, so that there is nothing "
            "to state in OSCAL; give criteria `controls`, or run checks that have them"
        )
    return names


def oscal_results(results: Results, report: Report) -> Plain:
    """Return a run as an OSCAL assessment-results document.

    Raises:
        UsageError: nothing of the run speaks to any clause.
    """
    names = frameworks_of(report)
    catalogue = load_catalogue()
    evidence = Evidence.of(results, report)
    body: Plain = {
        "metadata": _metadata(results, report),
        "import-ap": {
            "href": f"#{evidence.plan}",
            "remarks": "There is no assessment plan in OSCAL; what was planned stands in the "
            "sealed results.",
        },
        "results": [_result(results, report, names, catalogue, evidence)],
        "back-matter": {"resources": [*evidence.resources, _profile(results)]},
    }
    made = uuid_of("assessment-results", results.run, report.gate.policy if report.gate else "")
    return {"assessment-results": {"uuid": made, **body}}


def _profile(results: Results) -> Plain:
    return {
        "uuid": uuid_of("profile", results.run),
        "title": "The clauses that are reviewed",
        "rlinks": [{"href": PROFILE_FILE, "media-type": "application/oscal.profile+json"}],
    }


def _metadata(results: Results, report: Report) -> Plain:
    parties = [
        {"uuid": uuid_of("party", name), "type": "person", "name": name} for name in _people(report)
    ]
    roles = [{"id": _ASSESSOR, "title": "The program that looked"}]
    if parties:
        roles.append({"id": _SIGNER, "title": "Who signed a record about this run"})
    return {
        "title": prose(f"Assessment of {report.subject}"),
        "last-modified": results.finished_at,
        "version": results.run,
        "oscal-version": OSCAL_VERSION,
        "props": list(_facts(report)),
        "roles": roles,
        **({"parties": parties} if parties else {}),
        "remarks": prose(f"{_MEANING} {' '.join(report.not_shown)}"),
    }


def _people(report: Report) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said(record.signer) for record in _sign_offs(report)))


def _sign_offs(report: Report) -> Iterator[RecordFact]:
    yield from (each for each in report.records if each.kind in ("sign-off", "approval"))


def _facts(report: Report) -> Iterator[Plain]:
    yield prop("run", said(report.run))
    yield prop("outcome", said(f"{report.headline.word}: {report.headline.detail}"))
    if report.gate is not None:
        yield prop("gate", said(f"{report.gate.environment}: {report.gate.word}"))
        yield prop("policy", said(report.gate.policy))
        yield prop("policy-digest", said(report.gate.policy_digest))
    sealed = report.evidence
    if sealed is None:
        yield prop("evidence", "not sealed")
        return
    yield prop("evidence", "signed" if sealed.signed else "UNSIGNED")
    if sealed.statement_digest is not None:
        yield prop("statement-sha256", sealed.statement_digest)


def _result(
    results: Results,
    report: Report,
    names: tuple[str, ...],
    catalogue: ControlCatalogue,
    evidence: Evidence,
) -> Plain:
    rows = [
        row
        for group in (report.clauses.groups if report.clauses else ())
        if group.name in names
        for row in group.rows
    ]
    observations = observations_of(results, report, rows, catalogue, evidence)
    risks = risks_of(results, report)
    findings = findings_of(rows, catalogue, results=results, report=report)
    return {
        "uuid": uuid_of("result", results.run),
        "title": prose(f"Run {results.run}"),
        "description": prose(f"{report.headline.word}: {report.headline.detail}."),
        "start": results.started_at,
        "end": results.finished_at,
        "local-definitions": {
            "components": [_system(results, evidence)],
            "assessment-assets": _tool(evidence),
        },
        "reviewed-controls": {
            "description": "Every clause of the catalogues that the run speaks to.",
            "links": [{"href": f"#{_profile(results)['uuid']}", "rel": "profile"}],
            "control-selections": [
                {
                    "include-controls": [
                        {"control-id": oscal_id(catalogue.get(row.id))} for row in rows
                    ]
                }
            ],
        },
        **_attestations(results, report),
        "observations": observations,
        **({"risks": risks} if risks else {}),
        "findings": findings,
    }


def _system(results: Results, evidence: Evidence) -> Plain:
    subject = results.subject
    props = [prop("version", said(subject.version))]
    props += [
        {**prop("digest", said(subject.digests[part])), "remarks": prose(part)}
        for part in sorted(subject.digests)
    ]
    return {
        "uuid": evidence.system,
        "type": "this-system",
        "title": prose(subject.name),
        "description": prose(subject.intended_use or "What was evaluated."),
        "props": props,
        "status": {"state": "operational"},
    }


def _tool(evidence: Evidence) -> Plain:
    return {
        "components": [
            {
                "uuid": evidence.tool,
                "type": "software",
                "title": "Clinigate",
                "description": "What sent the requests, measured the answers and judged them.",
                "props": [prop("version", __version__)],
                "status": {"state": "operational"},
            }
        ],
        "assessment-platforms": [
            {
                "uuid": uuid_of("platform", evidence.tool),
                "title": "Where Clinigate ran",
                "uses-components": [{"component-uuid": evidence.tool}],
            }
        ],
    }


def _attestations(results: Results, report: Report) -> Plain:
    """Sign-offs and approvals: what people say of the run as a whole."""
    told = [
        {
            "responsible-parties": [
                {"role-id": _SIGNER, "party-uuids": [uuid_of("party", said(record.signer))]}
            ],
            "parts": [
                {
                    "uuid": uuid_of("attestation", results.run, record.digest, str(number)),
                    "name": record.kind,
                    "title": prose(f"{record.kind} {record.meaning or record.about}"),
                    "prose": prose(f"{record.reason} ({record.signed_at}; {record.digest})"),
                }
            ],
        }
        for number, record in enumerate(_sign_offs(report))
    ]
    return {"attestations": told} if told else {}
