"""A bundle in the forms of others: for auditors, GRC tools, CI systems and deployments.

Every form is made of the sealed results and the gate's decision on them, and none of them is the
record: the bundle is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clinigate.core.canonical import canonical_bytes
from clinigate.core.results import Results
from clinigate.errors import IntegrityError, MissingExtraError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.times import parse_timestamp
from clinigate.gate.decision import Decision
from clinigate.gate.document import envelope_bytes, simple_verification_result
from clinigate.pipeline.examine import Examined
from clinigate.pipeline.publish import page_of
from clinigate.reports.attestations import as_test_result
from clinigate.reports.junit import render_junit
from clinigate.reports.markdown import render_markdown
from clinigate.reports.model import Report
from clinigate.reports.sarif import sarif_of
from clinigate.reports.views import View

__all__ = ["FILES", "SIGNED", "VIEWED", "Export", "Form", "Material", "exported"]


class Form(StrEnum):
    """What a bundle can be made into; `TABLE` is the terminal's and made there."""

    HTML = "html"
    PDF = "pdf"
    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    OSCAL = "oscal"
    OSCAL_PROFILE = "oscal-profile"
    SARIF = "sarif"
    JUNIT = "junit"
    TEST_RESULT = "test-result"
    SVR = "svr"


#: The name of each file, beside the evidence.
FILES: Mapping[Form, str] = MappingProxyType(
    {
        Form.HTML: "report.html",
        Form.PDF: "report.pdf",
        Form.MARKDOWN: "report.md",
        Form.CSV: "traceability.csv",
        Form.OSCAL: "oscal-ar.json",
        Form.OSCAL_PROFILE: "oscal-profile.json",
        Form.SARIF: "results.sarif",
        Form.JUNIT: "junit.xml",
        Form.TEST_RESULT: "test-result.json",
        Form.SVR: "svr.json",
    }
)
#: What a key can sign. The rest has no place for a signature: the bundle is what was signed.
SIGNED = (Form.HTML, Form.TEST_RESULT, Form.SVR)

#: What is made for one kind of reader where that is asked for.
VIEWED = (Form.HTML, Form.PDF)


@dataclass(frozen=True, slots=True)
class Material:
    """What exports are made of.

    Attributes:
        examined: the bundle. results: what its run found. decision, report: on it.
        signer: signs what can be signed; None and it says that it is UNSIGNED.
        view: whose page or PDF it is.
    """

    examined: Examined
    results: Results
    decision: Decision
    report: Report
    signer: Signer | None = None
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """One file: its bytes, and in sentences what whoever asked for it must know."""

    data: bytes
    notes: tuple[str, ...] = ()


def exported(form: Form, material: Material) -> Export:
    """Return a bundle in one of the forms.

    Raises:
        UsageError: the run has nothing to say in this form.
        IntegrityError: what was made would not hold; nothing is written then.
        MissingExtraError: what makes it is not installed.
        EvidenceError: a program that makes it failed.
    """
    return _MAKERS[form](material)


def _html(material: Material) -> Export:
    return Export(
        page_of(material.report, signer=material.signer, view=material.view).encode("utf-8")
    )


def _pdf(material: Material) -> Export:
    # What prints takes a second to load, and no other form needs it.
    from clinigate.reports.pdf import Associated, Paper, engine_here, render_pdf

    report, bundle = material.report, material.examined.bundle
    engine = engine_here()
    view = material.view or View.FULL
    paper = Paper(
        html=page_of(report, view=view),
        view=view,
        subject=report.subject,
        verdict=report.headline.word if report.gate is None else f"Gate {report.gate.word}",
        run=report.run,
        files=(
            Associated(
                name=Path(bundle.statement_name).name,
                data=bundle.envelope_bytes,
                about="The signed statement of this run" if bundle.signed else "UNSIGNED statement",
                at=parse_timestamp(bundle.statement.sealed_at),
            ),
        ),
    )
    if engine.archival:
        return Export(render_pdf(paper, engine))
    note = (
        f"not PDF/A, and without the signed statement: printed by {Path(engine.name).name}, "
        f"since {engine.why}"
    )
    return Export(render_pdf(paper, engine), (note,))


def _markdown(material: Material) -> Export:
    return Export(render_markdown(material.report).encode("utf-8"))


def _csv(material: Material) -> Export:
    from clinigate.reports.traceability import traceability_csv

    return Export(traceability_csv(material.report).encode("utf-8"))


def _oscal(material: Material) -> Export:
    from clinigate.reports.oscal_results import checked_results

    return _valid(checked_results(material.results, material.report), material)


def _oscal_profile(material: Material) -> Export:
    from clinigate.controls.oscal import oscal_profile
    from clinigate.reports.oscal_results import frameworks_of

    return _valid(oscal_profile(frameworks_of(material.report)), material)


def _valid(document: dict[str, Any], material: Material) -> Export:
    """The document as text, held against NIST's schema where something can."""
    from clinigate.controls.oscal import oscal_text
    from clinigate.controls.oscal_schema import schema_problems

    data = oscal_text(document).encode("utf-8")
    try:
        wrong = schema_problems(document)
    except MissingExtraError as error:
        return Export(data, (f"not held against NIST's schema: {error}",))
    if wrong:
        raise IntegrityError(
            f"run {material.results.run}: what was made is no OSCAL by NIST's schema: {wrong[0]}"
        )
    return Export(data)


def _sarif(material: Material) -> Export:
    return Export(sarif_of(material.results))


def _junit(material: Material) -> Export:
    return Export(render_junit(material.report))


def _test_result(material: Material) -> Export:
    sealed = material.report.evidence
    files = () if sealed is None else sealed.files
    return _statement(as_test_result(material.results, material.decision, files), material)


def _svr(material: Material) -> Export:
    return _statement(simple_verification_result(material.decision), material)


def _statement(statement: dict[str, Any], material: Material) -> Export:
    if material.signer is None:
        note = "UNSIGNED: whoever reads it cannot tell who stated it; sign it with --sign"
        return Export(canonical_bytes(statement) + b"\n", (note,))
    return Export(envelope_bytes(statement, material.signer))


_MAKERS: Mapping[Form, Callable[[Material], Export]] = MappingProxyType(
    {
        Form.HTML: _html,
        Form.PDF: _pdf,
        Form.MARKDOWN: _markdown,
        Form.CSV: _csv,
        Form.OSCAL: _oscal,
        Form.OSCAL_PROFILE: _oscal_profile,
        Form.SARIF: _sarif,
        Form.JUNIT: _junit,
        Form.TEST_RESULT: _test_result,
        Form.SVR: _svr,
    }
)
